"""Charts of a page as inline SVG: coloured by the page's style, each bar with its amount for who cannot see it."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from html import escape

from costtui.domain.clean import clean
from costtui.report.page import Bars, Stack

WIDTH, HEIGHT, TOP, FOOT = 900, 220, 24, 24
TALL, COLOURS = 34, 6
LABELS = 8
"""At most, or they run into each other."""


def bars(block: Bars) -> str:
    """Columns from a line at zero; the largest has its amount written on it."""
    return figure(block.caption, HEIGHT, "".join(_columns(block)))


def stack(block: Stack) -> str:
    """One bar of its parts, and beneath it which colour is which."""
    names = [f"{each.label} {each.shown}" for each in block.each]
    return figure(block.caption, TALL, "".join(_parts(block)), " stack") + legend(names)


def _parts(block: Stack) -> Iterator[str]:
    whole = sum(each.value or Decimal(0) for each in block.each)
    left = Decimal(0)
    for place, each in enumerate(block.each):
        wide = (each.value or 0) / whole * WIDTH if whole else Decimal(0)
        said = f"{safe(each.label)}: {safe(each.shown)} USD"
        yield (
            f'<rect class="c{place % COLOURS}" x="{left:.1f}" y="0" width="{wide:.1f}" height="{TALL}">'
            f"<title>{said}</title></rect>"
        )
        left += wide


def legend(names: Sequence[str]) -> str:
    """Which colour is which, in the order of the chart."""
    each = "".join(f'<li class="c{place % COLOURS}">{safe(name)}</li>' for place, name in enumerate(names))
    return f'<ul class="legend">{each}</ul>'


def safe(text: str) -> str:
    """Text from outside, as text."""
    return escape(clean(text))


def figure(caption: str, height: int, inner: str, kind: str = "") -> str:
    """A captioned chart in a box that scrolls by itself."""
    told, ratio = safe(caption), "none" if kind else "xMidYMid"
    return (
        f'<figure><figcaption>{told}</figcaption><div class="box" tabindex="0" role="region" aria-label="{told}">'
        f'<svg class="chart{kind}" preserveAspectRatio="{ratio}" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' aria-label="{told}">'
        f"{inner}</svg></div></figure>"
    )


def _columns(block: Bars) -> Iterator[str]:
    most = max((each.value or Decimal(0) for each in block.each), default=Decimal(0))
    step = Decimal(WIDTH) / max(len(block.each), 1)
    every = -(-len(block.each) // LABELS)
    floor, named = HEIGHT - FOOT, False
    for place, each in enumerate(block.each):
        tall = (each.value or 0) / most * (floor - TOP) if most else Decimal(0)
        left, middle = step * place, step * place + step / 2
        label, shown = safe(each.label), safe(each.shown)
        yield (
            f'<rect class="bar" x="{left + step / 10:.1f}" y="{floor - tall:.1f}" width="{step * 8 / 10:.1f}"'
            f' height="{tall:.1f}"><title>{label}: {shown} USD</title></rect>'
        )
        is_most = bool(most) and each.value == most and not named
        if is_most or each.value is None:
            edge = min(max(middle, Decimal(30)), Decimal(WIDTH - 30))
            yield f'<text x="{edge:.1f}" y="{floor - tall - 6:.1f}" text-anchor="middle">{shown}</text>'
            named = named or is_most
        if (len(block.each) - 1 - place) % every == 0:
            edge = min(max(middle, Decimal(26)), Decimal(WIDTH - 26))
            yield f'<text x="{edge:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{label}</text>'
    yield f'<line class="axis" x1="0" y1="{floor}" x2="{WIDTH}" y2="{floor}"/>'
