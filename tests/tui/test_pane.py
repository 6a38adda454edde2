"""Only changed cells are sent, and whole characters."""

from hypothesis import given, settings
from hypothesis import strategies as st

from costtui.tui.line import Run, fitted
from costtui.tui.pace import Pace
from costtui.tui.pane import cells_of, changed_spans

LETTERS = st.text(alphabet="ab 模é\u0301", max_size=30)


def test_an_equal_line_has_no_changed_span() -> None:
    assert changed_spans((Run("same"),), (Run("same"),)) == []


def test_a_change_of_role_is_a_change() -> None:
    assert changed_spans((Run("abc"),), (Run("abc", "bad"),)) == [(0, 3)]


def test_near_changes_are_sent_together_and_far_ones_apart() -> None:
    old = "x" * 60
    assert changed_spans((Run(old),), (Run("y" + old[1:5] + "y" + old[6:]),)) == [(0, 6)]
    assert changed_spans((Run(old),), (Run("y" + old[1:50] + "y" + old[51:]),)) == [(0, 1), (50, 51)]


def test_a_wide_character_is_never_cut() -> None:
    assert changed_spans((Run("a模b"),), (Run("aab "),)) == [(1, 4)]
    assert changed_spans((Run("模"),), (Run("型"),)) == [(0, 2)]


@settings(deadline=None)
@given(LETTERS, LETTERS)
def test_pasting_the_changed_spans_gives_the_new_line(old: str, new: str) -> None:
    before, after = (Run(fitted(old, 40)),), (Run(fitted(new, 40)),)
    cells, wanted = cells_of(before), cells_of(after)
    for start, end in changed_spans(before, after):
        assert wanted[start][0] != ""
        cells[start:end] = wanted[start:end]
    assert cells == wanted


def test_a_terminal_that_does_not_drain_is_asked_less_often_and_more_again_when_it_does() -> None:
    pace, now_ms, seen = Pace(), 0, []
    for _ in range(4):
        now_ms += 11_000
        assert not pace.due(now_ms, undrained=True)
        seen.append(pace.slow_seconds)
    for _ in range(9):
        now_ms += 11_000
        assert pace.due(now_ms, undrained=False)
        seen.append(pace.slow_seconds)
    assert seen == [2, 5, 10, 10, 10, 10, 5, 5, 5, 2, 2, 2, 0]


def test_a_frame_is_due_once_a_second() -> None:
    pace = Pace()
    assert [pace.due(ms, undrained=False) for ms in (0, 250, 500, 750, 1000, 1250)] == [
        True,
        False,
        False,
        False,
        True,
        False,
    ]


def test_a_clock_that_was_set_back_does_not_stop_the_screen() -> None:
    pace = Pace()
    pace.due(1_000_000, undrained=False)
    assert pace.due(5_000, undrained=False)
