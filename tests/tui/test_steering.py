"""Moving traffic from the screen: the form, what it does, and the way back."""

from contextlib import closing
from pathlib import Path

import pytest

from costtui.domain.control import Kind, Revision
from costtui.errors import CosttuiError
from costtui.store.controls import ControlsStore
from tests.tui.pictures import NOW_MS
from tests.tui.steered import config_file, gateway_says, helm, steered, text

SIZE = (80, 24)
HOUR = 3_600_000
pytestmark = pytest.mark.anyio


def made(state_dir: Path) -> tuple[Revision, ...]:
    with closing(ControlsStore.open(state_dir)) as store:
        return store.state().revisions


async def test_s_opens_a_form_with_the_shares_in_force_and_changes_nothing(tmp_path: Path) -> None:
    app = steered(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("s")
        await pilot.pause()
        assert "shift chat" in text(app)
        assert "llama    70 → [  70 ]" in text(app)
        assert "2h" in text(app)
        await pilot.press("escape")
        assert "shift chat" not in text(app)
        assert "nothing was changed" in text(app)
    assert made(tmp_path) == ()


async def test_shares_are_typed_previewed_and_applied_until_the_time_chosen(tmp_path: Path) -> None:
    gateway_says(tmp_path, 0)
    app = steered(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("s", "backspace", "backspace", "9", "0")
        assert "llama 70 → 90 %" in text(app)
        assert "novita 30 → 10 %" in text(app)
        assert "until 14:01, then weighted resumes" in text(app)
        await pilot.press("down", "down", "left", "down", *"night")
        assert "until 13:01" in text(app)
        gateway_says(tmp_path, 1)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert "asked 12:01:03 → live 12:01:03 (0 ms) · u undo" in text(app)
    (found,) = made(tmp_path)
    assert (found.kind, found.route, found.weights) == (Kind.SHIFT, "chat", (("llama", 90), ("novita", 10)))
    assert (found.actor, found.reason, found.until_ms) == ("ana", "night", NOW_MS + HOUR)


async def test_u_takes_the_last_change_back(tmp_path: Path) -> None:
    gateway_says(tmp_path, 9)
    app = steered(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("s", "right", "enter")
        await pilot.pause(0.2)
        await pilot.press("u")
        await pilot.pause(0.2)
        assert "the shift of chat is undone" in text(app)
        await pilot.press("u")
        assert "nothing to undo" in text(app)
    assert [revision.kind for revision in made(tmp_path)] == [Kind.SHIFT, Kind.UNDO]


async def test_p_pins_a_route_and_d_drains_a_target(tmp_path: Path) -> None:
    app = steered(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("p", "right")
        assert "llama 70 → 0 %" in text(app)
        await pilot.press("enter")
        await pilot.press("d", "up", "right", "right")
        assert "drain gpt5" in text(app)
        assert "no target is left: requests to code would be refused" in text(app)
        await pilot.press("enter")
        assert "no gateway is running" in text(app)
    assert [(each.kind, each.weights) for each in made(tmp_path)] == [
        (Kind.PIN, (("novita", 1),)),
        (Kind.DRAIN, (("gpt5", 0),)),
    ]


async def test_what_makes_no_sense_is_said_in_the_form_and_not_done(tmp_path: Path) -> None:
    app = steered(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("s", "up", "right", "down", "backspace", "backspace", "backspace", "enter")
        assert "needs a share above 0" in text(app)
    assert made(tmp_path) == ()


async def test_a_change_by_somebody_quicker_refuses_the_form(tmp_path: Path) -> None:
    app = steered(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("s")
        other = helm(tmp_path, "bob")
        other.apply(other.open("pin", str(tmp_path / "config.toml"), "chat"))
        await pilot.press("enter")
        assert "shift chat" in text(app)
        assert "bob" in text(app)
    assert [each.actor for each in made(tmp_path)] == ["bob"]


@pytest.mark.parametrize("key", ["s", "p", "d", "u"])
async def test_nothing_is_changed_where_changes_by_hand_are_off(tmp_path: Path, key: str) -> None:
    app = steered(tmp_path, control="off")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(key)
        assert "changes by hand are off here" in text(app)
    assert made(tmp_path) == ()


@pytest.mark.parametrize("key", ["s", "p", "d", "u"])
async def test_a_read_only_screen_changes_nothing_and_says_so(tmp_path: Path, key: str) -> None:
    app = steered(tmp_path, read_only=True)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(key)
        assert "--read-only" in text(app)


def test_a_configuration_that_cannot_be_read_opens_no_form(tmp_path: Path) -> None:
    with pytest.raises(CosttuiError, match="cannot be read"):
        helm(tmp_path).open("shift", str(tmp_path / "absent.toml"))


def test_a_host_without_routes_has_nothing_to_shift(tmp_path: Path) -> None:
    config_file(tmp_path).write_text("")
    with pytest.raises(CosttuiError, match="no route is configured"):
        helm(tmp_path).open("shift", str(tmp_path / "config.toml"))
