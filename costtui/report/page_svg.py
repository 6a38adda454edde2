"""Charts of a page as inline SVG: coloured by the page's style, each bar with its amount for who cannot see it."""

from collections.abc import Iterator
from decimal import Decimal
from html import escape

from costtui.domain.clean import clean
from costtui.report.page import Bars

WIDTH, HEIGHT, TOP, FOOT = 900, 220, 24, 24
LABELS = 8
"""At most, or they run into each other."""


def bars(block: Bars) -> str:
    """Columns from a line at zero; the largest has its amount written on it."""
    told = escape(clean(block.caption))
    return (
        f'<figure><figcaption>{told}</figcaption><div class="box" tabindex="0" role="region" aria-label="{told}">'
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{told}">'
        f"{''.join(_columns(block))}</svg></div></figure>"
    )


def _columns(block: Bars) -> Iterator[str]:
    most = max((each.value or Decimal(0) for each in block.each), default=Decimal(0))
    step = Decimal(WIDTH) / max(len(block.each), 1)
    every = -(-len(block.each) // LABELS)
    floor, named = HEIGHT - FOOT, False
    for place, each in enumerate(block.each):
        tall = (each.value or 0) / most * (floor - TOP) if most else Decimal(0)
        left, middle = step * place, step * place + step / 2
        label, shown = escape(clean(each.label)), escape(clean(each.shown))
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
            edge = min(max(middle, Decimal(20)), Decimal(WIDTH - 20))
            yield f'<text x="{edge:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{label}</text>'
    yield f'<line class="axis" x1="0" y1="{floor}" x2="{WIDTH}" y2="{floor}"/>'
