"""Pictures of the screen, compared as SVG; the picture and the clock are fixed."""

from pathlib import Path
from typing import Protocol

import msgspec
import pytest

from costtui.report.schema import Agent, Status
from costtui.tui.app import CosttuiApp
from costtui.tui.options import ScreenOptions, ThemeName
from tests.tui.archives import FixedArchive
from tests.tui.hostile import hostile_status
from tests.tui.pictures import FixedClock, FixedFeed, carried, hard_budgets, status
from tests.tui.steered import steered


class Compare(Protocol):
    def __call__(self, app: CosttuiApp, *, press: list[str], terminal_size: tuple[int, int]) -> bool: ...


DEAD = msgspec.structs.replace(status(), agent=Agent(state="dead", age_seconds=99.0, pid=None))
CASES: dict[str, tuple[Status | None, tuple[int, int], list[str], ThemeName, bool]] = {
    "overview-80x24": (status(), (80, 24), [], "terminal", False),
    "overview-120x40": (status(), (120, 40), ["j", "j"], "terminal", False),
    "overview-40x12": (status(), (40, 12), [], "terminal", False),
    "overview-opened": (status(), (80, 24), ["enter"], "terminal", False),
    "overview-light": (status(), (80, 24), [], "light", False),
    "overview-dark": (status(), (80, 24), [], "dark", False),
    "overview-colour-blind": (status(), (80, 24), [], "colour-blind", False),
    "overview-mono": (status(), (80, 24), [], "mono", False),
    "overview-ascii": (status(), (80, 24), [], "terminal", True),
    "carried-80x24": (carried(), (80, 24), [], "terminal", False),
    "carried-120x40": (carried(), (120, 40), [], "terminal", False),
    "carried-ascii": (carried(), (80, 24), [], "terminal", True),
    "carried-light": (carried(), (80, 24), [], "light", False),
    "carried-mono": (carried(), (80, 24), [], "mono", False),
    "routes-120x40": (carried(), (120, 40), ["3", "j"], "terminal", False),
    "spend-80x24": (carried(), (80, 24), ["4"], "terminal", False),
    "spend-120x40": (carried(), (120, 40), ["4", "g", "j"], "terminal", False),
    "spend-ascii": (carried(), (120, 24), ["4"], "terminal", True),
    "budgets-80x24": (carried(budgets=hard_budgets()), (80, 24), ["6", "j", "j"], "terminal", False),
    "budgets-120x40": (carried(budgets=hard_budgets()), (120, 40), ["6"], "terminal", False),
    "budgets-ascii": (carried(budgets=hard_budgets()), (80, 24), ["6"], "terminal", True),
    "budgets-mono": (carried(budgets=hard_budgets()), (80, 24), ["6"], "mono", False),
    "requests-80x24": (carried(), (80, 24), ["7"], "terminal", False),
    "requests-120x40": (carried(), (120, 40), ["7", "j", "enter"], "terminal", False),
    "bills-80x24": (carried(), (80, 24), ["8", "j", "j", "j"], "terminal", False),
    "bills-120x40": (carried(), (120, 40), ["8"], "terminal", False),
    "advice-80x24": (carried(), (80, 24), ["9", "j", "enter"], "terminal", False),
    "advice-120x40": (carried(), (120, 40), ["9", "j", "j"], "terminal", False),
    "advice-mono-ascii": (carried(), (80, 24), ["9"], "mono", True),
    "idle-map-80x24": (carried(), (80, 24), ["9", "g"], "terminal", False),
    "idle-map-120x40": (carried(), (120, 40), ["9", "g", "j"], "terminal", False),
    "idle-map-mono-ascii": (carried(), (80, 24), ["9", "g"], "mono", True),
    "past-80x24": (carried(), (80, 24), ["left_square_bracket"], "terminal", False),
    "gpus-80x24": (status(), (80, 24), ["2"], "terminal", False),
    "gpus-120x40": (status(), (120, 40), ["2", *"jjjjjjj"], "terminal", False),
    "warnings-80x24": (status(), (80, 24), ["w"], "terminal", False),
    "sources-80x24": (status(), (80, 24), ["i"], "terminal", False),
    "help-120x40": (status(), (120, 40), ["question_mark"], "terminal", False),
    "agent-dead": (DEAD, (80, 24), [], "terminal", False),
    "nothing-yet": (None, (80, 24), [], "terminal", False),
    "hostile": (hostile_status("\x1b[2J[@click=app.quit]evil[/]"), (120, 40), [], "terminal", False),
}


@pytest.mark.parametrize("case", CASES)
def test_the_screen_looks_as_approved(case: str, snap_compare: Compare) -> None:
    picture, size, keys, theme, ascii_only = CASES[case]
    options = ScreenOptions(theme=theme, ascii_only=ascii_only)
    app = CosttuiApp(FixedFeed(picture), FixedClock(), options, archive=FixedArchive())  # type: ignore[arg-type]  # answers by hand
    assert snap_compare(app, press=keys, terminal_size=size)


@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_form_looks_as_approved(ascii_only: bool, tmp_path: Path, snap_compare: Compare) -> None:
    app = steered(tmp_path, ascii_only=ascii_only)
    assert snap_compare(app, press=["s", "left", "left"], terminal_size=(80, 24))
