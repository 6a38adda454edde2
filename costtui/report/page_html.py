"""A page as one HTML file that asks nobody for anything: no script, no font, no picture from elsewhere."""

from collections.abc import Iterator
from decimal import Decimal
from html import escape

from costtui.domain.clean import clean
from costtui.report.page import Bar, Block, Curve, Figures, Heat, Note, Page, Section, Stack, Table
from costtui.report.page_curve import curve
from costtui.report.page_style import STYLE
from costtui.report.page_svg import bars, stack

LONGEST = 800
"""Characters of one text: a formula or a reason, never a page."""
LINE = 28
"""Characters; what is longer is wrapped."""
SHADES = 5


def html_of(page: Page) -> str:
    """The whole file."""
    return "\n".join(_lines(page)) + "\n"


def _lines(page: Page) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{_text(page.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>"
    yield f"<header><h1>{_text(page.title)}</h1><p>{_text(page.told)}</p></header>"
    for section in page.sections:
        yield from _section(section)
    yield "</main>\n</body>\n</html>"


def _section(section: Section) -> Iterator[str]:
    yield f"<section><h2>{_text(section.title)}</h2>"
    for block in section.blocks:
        yield _block(block)
    yield "</section>"


def _block(block: Block) -> str:
    match block:
        case Note():
            return f'<p class="note">{_text(block.text)}</p>'
        case Figures():
            return _figures(block)
        case Table():
            return _table(block)
        case Heat():
            return _heat(block)
        case Stack():
            return stack(block)
        case Curve():
            return curve(block)
        case _:
            return bars(block)


def _figures(block: Figures) -> str:
    each = "".join(
        f"<div><dt>{_text(one.name)}</dt><dd>{_text(one.shown)}</dd><dd>{_text(one.told_by)}</dd></div>"
        for one in block.each
    )
    return f'<dl class="figures">{each}</dl>'


def _table(block: Table) -> str:
    head = "".join(_cell("th", name, place in block.words, ' scope="col"') for place, name in enumerate(block.names))
    rows = "".join(f"<tr>{_row(cells, block.words)}</tr>" for cells in block.rows)
    return _boxed(block.caption, f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>")


def _row(cells: tuple[str, ...], words: frozenset[int]) -> str:
    rest = "".join(_cell("td", cell, place in words) for place, cell in enumerate(cells[1:], 1))
    return _cell("th", cells[0], 0 in words, ' scope="row"') + rest


def _cell(tag: str, text: str, is_word: bool, more: str = "") -> str:
    """Figures stand to the right; long texts get the room to be read on a telephone."""
    kind = "" if is_word else ' class="n"'
    kind = ' class="w"' if is_word and len(text) > LINE else kind
    return f"<{tag}{more}{kind}>{_text(text)}</{tag}>"


def _boxed(caption: str, inner: str, kind: str = "") -> str:
    """A table scrolls within its own box, which the keyboard reaches too."""
    told = _text(caption)
    table = f"<table{kind}><caption>{told}</caption>{inner}</table>"
    return f'<div class="box" tabindex="0" role="region" aria-label="{told}">{table}</div>'


def _heat(block: Heat) -> str:
    most = max((cell.value or Decimal(0) for row in block.cells for cell in row), default=Decimal(0))
    hours = "".join(f'<th scope="col">{cell.label}</th>' for cell in block.cells[0])
    rows = "".join(
        f'<tr><th scope="row">{_text(day)}</th>{"".join(_shade(cell, most) for cell in row)}</tr>'
        for day, row in zip(block.days, block.cells, strict=True)
    )
    return _boxed(block.caption, f"<thead><tr><td></td>{hours}</tr></thead><tbody>{rows}</tbody>", ' class="heat"')


def _shade(cell: Bar, most: Decimal) -> str:
    value = cell.value or Decimal(0)
    shade = 0 if not value or not most else max(1, int(-(-value * SHADES // most)))
    return f'<td class="s{shade}">{_text(cell.shown)}</td>'


def _text(text: str) -> str:
    return escape(clean(text, LONGEST))
