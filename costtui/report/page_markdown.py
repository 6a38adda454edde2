"""A page as Markdown, as GitHub and chat programs read it; charts become tables."""

import re
from collections.abc import Iterator, Sequence

from costtui.domain.clean import clean
from costtui.report.page import Bars, Block, Curve, Figures, Heat, Note, Page, Stack, Table

LONGEST = 800
_STEERS = re.compile(r"([\\`*_\[\]{}<>#|!~&@])")
_ENTITY = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def markdown_of(page: Page) -> str:
    """The whole file."""
    lines = [f"# {_text(page.title)}", "", _text(page.told)]
    for section in page.sections:
        lines += ["", f"## {_text(section.title)}"]
        for block in section.blocks:
            lines += ["", *_block(block)]
    return "\n".join(lines) + "\n"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Note():
            yield _text(block.text)
        case Figures():
            rows = [(each.name, each.shown, each.told_by) for each in block.each]
            yield from _table(("", "USD", "of"), rows, {0, 2})
        case Table():
            yield from [_text(block.caption), ""]
            yield from _table(block.names, block.rows, block.words)
        case Bars() | Stack():
            yield from [_text(block.caption), ""]
            yield from _table(("", "USD"), [(each.label, each.shown) for each in block.each], {0})
        case Curve():
            yield from [_text(block.caption), ""]
            yield from _table(("", block.mark_shown), [(line.name, line.shown) for line in block.lines], {0})
        case Heat():
            yield from [_text(block.caption), ""]
            names = ("", *(cell.label for cell in block.cells[0]))
            rows_of = zip(block.days, block.cells, strict=True)
            yield from _table(names, [(day, *(cell.shown for cell in row)) for day, row in rows_of], {0})


def _table(names: Sequence[str], rows: Sequence[Sequence[str]], words: frozenset[int] | set[int]) -> Iterator[str]:
    yield _row(names)
    yield f"|{'|'.join('---' if place in words else '---:' for place in range(len(names)))}|"
    yield from map(_row, rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_text, cells))} |"


def _text(text: str) -> str:
    """As it stands, never as markup: what Markdown or the HTML within it would read is escaped."""
    return _STEERS.sub(lambda found: _ENTITY.get(found[1], f"\\{found[1]}"), clean(text, LONGEST))
