"""Moving traffic from the screen: the form, what it does, and the way back."""

from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from costtui.domain.amount import Provenance
from costtui.domain.attempt import Attempt, Lane, Outcome
from costtui.domain.charge import NO_CHARGE
from costtui.domain.control import Kind, Revision
from costtui.domain.usage import NO_USAGE, UsageSource
from costtui.errors import CosttuiError
from costtui.report.budgets import BudgetStanding
from costtui.report.schema import to_json
from costtui.store.controls import ControlsStore
from costtui.store.ledger.writer import LedgerWriter
from costtui.store.writer import TelemetryWriter
from tests.tui.pictures import NOW_MS, carried
from tests.tui.steered import BUDGET, config_file, gateway_says, helm, steered, text

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


def had_first_bytes(state_dir: Path, target: str, *milliseconds: int) -> None:
    """Attempts of the last minutes on the route called code, each with its time to the first byte."""
    writer = LedgerWriter.open(state_dir, now_ms=NOW_MS, clock_ms=lambda: NOW_MS)
    lane = writer.lane(Lane("code", target, "some", False, "m", "chat", "k", "m", "hash"))
    for ttft_ms in milliseconds:
        number = writer.new_attempt_id()
        writer.settle(
            Attempt(
                *(number, number, lane, NOW_MS - 60_000, 3_000, ttft_ms, Outcome.OK, 200, True, NO_USAGE),
                *(UsageSource.REPORTED, False, NO_CHARGE, Provenance.METERED, None, "", ""),
            )
        )
    assert writer.committed(10)
    writer.close()


def stand(state_dir: Path, at_ms: int = NOW_MS) -> None:
    """The agent's picture: of 100 $ 60 are used, and 20 more are ahead until the month ends in seven days."""
    budget = BudgetStanding(
        name="apis", covers=("api",), window="month", limit_usd=Decimal(100), used_usd=Decimal(60), used_ratio=0.6,
        state="warn", runs_out_at=None, projected_usd=Decimal(80), resets_at="2026-11-30T23:00:00Z",
    )  # fmt: skip
    writer = TelemetryWriter.open(state_dir, now_ms=at_ms)
    writer.publish(to_json(carried(budgets=(budget,))), at_ms).result(30)
    writer.close()


def test_a_form_says_how_long_the_first_byte_takes_at_the_shares_asked_for(tmp_path: Path) -> None:
    path = config_file(tmp_path)
    had_first_bytes(tmp_path, "llama", 300, 400, 500)
    form = helm(tmp_path).open("shift", str(path))
    assert "  first byte: ? → ? s (llama 0.40 · novita ?)" in form.told
    had_first_bytes(tmp_path, "novita", 1_200)
    steering = helm(tmp_path)
    form = steering.open("shift", str(path))
    # 0.7 x 400 + 0.3 x 1200 = 640; 0.5 of each = 800
    assert "  first byte: 0.64 → 0.64 s (llama 0.40 · novita 1.20)" in form.told
    form = steering.told(replace(form, shares=(50, 50)))
    assert "  first byte: 0.64 → 0.80 s (llama 0.40 · novita 1.20)" in form.told


def test_a_form_says_until_when_the_budget_of_apis_lasts(tmp_path: Path) -> None:
    path = config_file(tmp_path)
    path.write_text(path.read_text() + BUDGET)
    assert helm(tmp_path).open("shift", str(path)).told[-1] == "budget apis: ? → ?"
    stand(tmp_path)
    lasts = "lasts until Tue 01 Dec 00:00"
    assert helm(tmp_path).open("shift", str(path)).told[-1] == f"budget apis: {lasts} → {lasts}"


def test_a_budget_of_a_picture_that_is_half_a_minute_old_is_unknown(tmp_path: Path) -> None:
    path = config_file(tmp_path)
    path.write_text(path.read_text() + BUDGET)
    stand(tmp_path, NOW_MS - 30_001)
    assert helm(tmp_path).open("shift", str(path)).told[-1] == "budget apis: ? → ?"


async def test_b_changes_a_limit_for_a_while_and_u_takes_it_back(tmp_path: Path) -> None:
    gateway_says(tmp_path, 0)
    app = steered(tmp_path)
    (tmp_path / "config.toml").write_text((tmp_path / "config.toml").read_text() + BUDGET)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("b")
        assert "budget   [ apis ]" in text(app)
        assert "limit    100.00 → [ 100.00 $ ]" in text(app)
        await pilot.press("right", "right")
        assert "[ 120.00 $ ]" in text(app)
        await pilot.press(*["backspace"] * 5, *"15050")
        assert "[ 150.50 $ ]" in text(app)
        assert "then the configured limit again" in text(app)
        await pilot.press("down", "down", *"launch")
        gateway_says(tmp_path, 1)
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert "live" in text(app)
        (revision,) = made(tmp_path)
        assert (revision.kind, revision.budget, revision.reason) == (Kind.BUDGET, "apis", "launch")
        assert revision.weights == (("budget:apis", 150_500_000_000),)
        assert revision.until_ms == NOW_MS + 2 * HOUR
        gateway_says(tmp_path, 2)
        await pilot.press("u")
        await pilot.pause(0.2)
        assert "the limit of budget apis is undone" in text(app)
    assert [each.kind for each in made(tmp_path)] == [Kind.BUDGET, Kind.UNDO]


async def test_b_says_so_where_no_budget_is_configured(tmp_path: Path) -> None:
    app = steered(tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("b")
        assert "no budget is configured" in text(app)
