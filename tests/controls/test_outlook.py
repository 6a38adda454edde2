"""What a change does to waiting and to the nearest budget, worked by hand."""

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from costtui.config.model import Config, Route, Target
from costtui.controls.desk import Desk
from costtui.controls.outlook import (
    UNKNOWN,
    BudgetEffect,
    RunsOut,
    change_usd_per_hour,
    mean_first_byte_ms,
    nearest,
)
from costtui.controls.preview import Measured, preview
from costtui.domain.amount import Amount, Provenance, unknown_amount
from costtui.domain.budget import Budget, Scope, ScopeKind
from costtui.domain.money import NANO_PER_USD, NanoUsd
from costtui.domain.price import TokenPrice
from costtui.domain.window import Window
from costtui.store.ledger.rows import LatencyRow
from tests.controls.test_preview import row

HOUR = 3_600_000
NOW = 1_800_000_000_000  # 2027-01-15T08:00:00Z
RESETS = "2027-01-15T18:00:00Z"
RESETS_MS = NOW + 10 * HOUR


@dataclass(frozen=True)
class Told:
    """A budget of 100 $ of which 60 are used and 20 more are ahead in ten hours, unless said otherwise."""

    name: str = "month"
    limit_usd: Decimal = Decimal(100)
    used_usd: Decimal | None = Decimal(60)
    projected_usd: Decimal | None = Decimal(80)
    runs_out_at: str | None = None
    resets_at: str = RESETS


def budget(name: str = "month", *covers: str) -> Budget:
    return Budget(name, covers or ("api",), Window("month"), NanoUsd(100 * NANO_PER_USD))


def latency(**medians: int) -> dict[str, LatencyRow]:
    return {name: LatencyRow((name,), 9, p50, 3 * p50) for name, p50 in medians.items()}


def usd(amount: int, *unknown: str) -> Amount:
    return Amount(NanoUsd(amount * NANO_PER_USD), Provenance.METERED, unknown)


@pytest.mark.parametrize(
    ("percents", "expected"),
    [
        ({"a": 100}, 300),
        ({"a": 75, "b": 25}, 525),  # 0.75 x 300 + 0.25 x 1200
        ({"a": 50, "b": 50, "c": 0}, 750),  # nobody waits for c
        ({"a": 99, "c": 1}, None),  # nothing is known of c
        ({}, None),
        ({"a": 0}, None),
    ],
)
def test_the_first_byte_is_weighted_by_share_and_unknown_with_any_part(
    percents: dict[str, int], expected: int | None
) -> None:
    shares = {name: Decimal(percent) for name, percent in percents.items()}
    assert mean_first_byte_ms(shares, latency(a=300, b=1200)) == expected


@pytest.mark.parametrize(
    ("effects", "expected"),
    [
        ([(usd(4), usd(1))], Decimal(-3)),
        ([(usd(4), usd(1)), (usd(0), usd(5))], Decimal(2)),
        ([], Decimal(0)),
        ([(usd(4), usd(1, "opus"))], None),
        ([(usd(4, "opus"), usd(1))], None),
        ([(usd(4), unknown_amount("opus"))], None),
    ],
)
def test_the_change_an_hour_is_unknown_when_any_part_of_it_is(
    effects: list[tuple[Amount, Amount]], expected: Decimal | None
) -> None:
    assert change_usd_per_hour(effects) == expected


@pytest.mark.parametrize(
    ("told", "change", "until_ms", "before", "after"),
    [
        # 40 $ left at 2 $/h lasts ten hours; at 8 $/h five.
        (Told(), Decimal(6), None, RunsOut(True), RunsOut(True, NOW + 5 * HOUR)),
        # four hours at 8 $/h are 32 $; the 8 $ left last four hours more at 2 $/h.
        (Told(), Decimal(6), NOW + 4 * HOUR, RunsOut(True), RunsOut(True, NOW + 8 * HOUR)),
        # two hours at 8 $/h and eight at 2 $/h are 32 $.
        (Told(), Decimal(6), NOW + 2 * HOUR, RunsOut(True), RunsOut(True)),
        # 40 $ left at 8 $/h would last five hours; nothing is spent when 8 $/h fewer are.
        (
            Told(projected_usd=Decimal(140), runs_out_at="2027-01-15T13:00:00Z"), Decimal(-8), None,
            RunsOut(True, NOW + 5 * HOUR), RunsOut(True),
        ),
        # a pace is never below nothing, whatever is saved.
        (Told(), Decimal(-50), None, RunsOut(True), RunsOut(True)),
        # no change is no other end, even where the contract's steps are not known here.
        (
            Told(projected_usd=Decimal(140), runs_out_at="2027-01-15T11:00:00Z"), Decimal(0), None,
            RunsOut(True, NOW + 3 * HOUR), RunsOut(True, NOW + 3 * HOUR),
        ),
        (Told(), None, None, RunsOut(True), UNKNOWN),
        (Told(projected_usd=None), Decimal(1), None, RunsOut(True), UNKNOWN),
        (Told(used_usd=None), Decimal(1), None, UNKNOWN, UNKNOWN),
        (Told(used_usd=Decimal(100)), Decimal(-1), None, RunsOut(True, NOW), RunsOut(True, NOW)),
        (Told(resets_at="2027-01-15T07:59:59Z"), Decimal(1), None, UNKNOWN, UNKNOWN),
    ],
)  # fmt: skip
def test_when_a_budget_is_spent_before_and_after(
    told: Told, change: Decimal | None, until_ms: int | None, before: RunsOut, after: RunsOut
) -> None:
    effect = nearest([budget()], [told], change, NOW, until_ms)
    assert effect is not None
    assert (effect.before, effect.after) == (before, after)


def test_the_budget_that_is_spent_first_is_the_nearest() -> None:
    told = [Told("slow"), Told("fast", limit_usd=Decimal(70))]
    effect = nearest([budget("slow"), budget("fast")], told, Decimal(3), NOW, None)
    assert effect == BudgetEffect("fast", RESETS_MS, RunsOut(True), RunsOut(True, NOW + 2 * HOUR))


def test_a_budget_that_covers_no_apis_is_not_moved_by_shares() -> None:
    assert nearest([budget("rent", "gpu", "power")], [Told("rent")], Decimal(3), NOW, None) is None


def test_what_shares_do_to_the_budget_of_one_key_is_unknown() -> None:
    effect = nearest([replace(budget(), scope=Scope(ScopeKind.KEY, "team-a"))], [Told()], Decimal(6), NOW, None)
    assert effect == BudgetEffect("month", RESETS_MS, RunsOut(True), UNKNOWN)


def test_a_budget_that_the_picture_does_not_have_is_unknown() -> None:
    assert nearest([budget()], [], Decimal(3), NOW, None) == BudgetEffect("month", None, UNKNOWN, UNKNOWN)


def test_a_preview_says_what_a_shift_does_to_waiting_and_to_the_budget() -> None:
    config = Config(
        targets=(Target("llama", engine="vllm"), Target("novita", provider="novita", model="n")),
        routes=(Route("chat", "weighted", ("llama", "novita"), weights=(("llama", 1),)),),
        budgets=(budget(),),
    )
    # 10 M tokens in and 10 M out at novita are 1 + 7 = 8 $/h; three quarters of them are 6 $/h
    prices = {"novita": TokenPrice("novita", "n", Decimal("0.10"), Decimal("0.70"))}
    spent = {"chat": (row("llama", 1, tokens=(10_000_000, 0, 10_000_000), hosted=True),)}
    draft = Desk(config, (), "ana", NOW).shift("chat", {"llama": 1, "novita": 3}, None)
    measured = Measured(latency(llama=400, novita=800), [Told()])
    shown = preview(config, (), draft, NOW, spent, prices, measured)
    (effect,) = shown.effects
    assert (effect.first_byte_before_ms, effect.first_byte_after_ms) == (Decimal(400), Decimal(700))
    assert [share.first_byte and share.first_byte.p50_ms for share in effect.shares] == [400, 800]
    assert shown.budget == BudgetEffect("month", RESETS_MS, RunsOut(True), RunsOut(True, NOW + 5 * HOUR))
