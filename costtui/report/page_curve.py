"""Lines over a volume as inline SVG: where they cross is where one way becomes cheaper than another."""

from collections.abc import Iterator
from decimal import Decimal

from costtui.report.page import Curve, Line
from costtui.report.page_svg import COLOURS, FOOT, HEIGHT, TOP, WIDTH, figure, legend, safe

FLOOR = HEIGHT - FOOT


def curve(block: Curve) -> str:
    """Axes, the mark, and each line in its colour, named beneath."""
    names = [f"{line.name}: {line.shown}" for line in block.lines]
    return figure(block.caption, HEIGHT, "".join(_parts(block))) + legend(names)


def _parts(block: Curve) -> Iterator[str]:
    yield f'<line class="axis" x1="0" y1="{FLOOR}" x2="{WIDTH}" y2="{FLOOR}"/>'
    yield f'<text x="4" y="14">{safe(block.top_shown)}</text>'
    yield f'<text x="{WIDTH}" y="{HEIGHT - 6}" text-anchor="end">{safe(block.widest_shown)}</text>'
    if block.top and block.widest:
        for place, line in enumerate(block.lines):
            yield _line(line, block, f"l{place % COLOURS}")
        here = min(block.mark / block.widest, Decimal(1)) * WIDTH
        yield f'<line class="mark" x1="{here:.1f}" y1="{TOP}" x2="{here:.1f}" y2="{FLOOR}"/>'
        anchor = "start" if here < WIDTH / 2 else "end"
        yield f'<text x="{here:.1f}" y="{HEIGHT - 6}" text-anchor="{anchor}">{safe(block.mark_shown)}</text>'


def _line(line: Line, block: Curve, colour: str) -> str:
    """Cut off where it leaves the chart above."""
    right, end = Decimal(WIDTH), line.end
    if end > block.top >= line.begin:
        right = (block.top - line.begin) / (end - line.begin) * WIDTH
        end = block.top
    begin_y, end_y = (FLOOR - min(usd / block.top, Decimal(1)) * (FLOOR - TOP) for usd in (line.begin, end))
    return (
        f'<line class="line {colour}" x1="0" y1="{begin_y:.1f}" x2="{right:.1f}" y2="{end_y:.1f}">'
        f"<title>{safe(line.name)}: {safe(line.shown)}</title></line>"
    )
