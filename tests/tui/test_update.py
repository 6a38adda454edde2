"""The bytes of a change, put on a terminal of one's own."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import get_character_cell_size
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from costtui.tui.line import Run, fitted
from costtui.tui.pane import changed_spans
from costtui.tui.themes import style_of
from costtui.tui.update import ExactUpdate

WIDTH = 60
PIECES = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[[0-9;]*m|(.)", re.DOTALL)
TEXTS = st.text(alphabet="ab 模é", max_size=WIDTH)
CONSOLE = Console(force_terminal=True, color_system="standard", width=WIDTH)


def strip(*runs: tuple[str, str]) -> Strip:
    return Strip([Segment(text, Style.parse(style)) for text, style in runs])


def update(rows: list[Strip], spans: list[tuple[int, int, int]]) -> ExactUpdate:
    """Of rows that are one piece each, as those of the one widget are."""
    chops: list[dict[int, Strip | None]] = [{0: row} for row in rows]
    return ExactUpdate.of(ChopsUpdate(chops, spans, [[WIDTH] for _ in rows]))


def put(screen: list[list[str]], data: str) -> None:
    """Obey cursor moves, drop colours, write the rest; anything else fails."""
    x = y = 0
    for row, column, character in PIECES.findall(data):
        if row:
            y, x = int(row) - 1, int(column) - 1
        elif character:
            assert character.isprintable()
            size = get_character_cell_size(character)
            screen[y][x : x + size] = [character, *[""] * (size - 1)]
            x += size


def cells(text: str) -> list[str]:
    return [cell for character in text for cell in (character, *[""] * (get_character_cell_size(character) - 1))]


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3))
def test_a_terminal_shows_the_new_lines_after_the_bytes_of_what_changed(rows: list[tuple[str, str]]) -> None:
    before, after = ([fitted(row[side], WIDTH) for row in rows] for side in (0, 1))
    spans = [
        (y, first, end)
        for y, (old, new) in enumerate(zip(before, after, strict=True))
        for first, end in changed_spans((Run(old),), (Run(new, "plain"),))
    ]
    screen = [cells(text) for text in before]
    put(screen, update([strip((text, "")) for text in after], spans).render_segments(CONSOLE))
    assert screen == [cells(text) for text in after]


def test_only_the_changed_cells_are_sent_with_their_own_style() -> None:
    rows = [strip(("a" * 20, "bold"), ("b" * 20, ""), ("c" * 20, "bold"))]
    assert update(rows, [(0, 30, 32), (0, 58, 60)]).render_segments(CONSOLE) == (
        "\x1b[1;31Hbb\x1b[1;59H\x1b[1mcc\x1b[0m"
    )


@pytest.mark.parametrize("spans", [[(0, 0, WIDTH)], [(0, 18, 22)]])
def test_a_span_over_two_styles_keeps_both(spans: list[tuple[int, int, int]]) -> None:
    rows = [strip(("a" * 20, "bold"), ("b" * 40, ""))]
    said = update(rows, spans).render_segments(CONSOLE)
    assert said.count("\x1b[1m") == 1
    assert said.index("a\x1b[0mb") > 0


def test_pieces_beside_a_span_and_pieces_that_were_not_drawn_are_left_alone() -> None:
    chops: list[dict[int, Strip | None]] = [{0: strip(("aaaa", "")), 4: None, 8: strip(("cccc", ""))}]
    change = ChopsUpdate(chops, [(0, 2, 10)], [[4, 8, 12]])
    assert ExactUpdate.of(change).render_segments(CONSOLE) == "\x1b[1;3Haa\x1b[1;9Hcc"


def test_a_style_of_the_themes_ends_where_the_span_does() -> None:
    alarm = style_of("terminal", "alarm")
    said = update([Strip([Segment("x" * WIDTH, alarm)])], [(0, 3, 5)]).render_segments(CONSOLE)
    assert said.endswith("xx\x1b[0m")
