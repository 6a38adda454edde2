"""Where budgets stand when a gateway starts: the ledger's sums, and what leases say that it lacks."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from costtui.domain.budget import AtLimit, Budget, Scope, ScopeKind
from costtui.domain.money import NanoUsd
from costtui.domain.window import Window
from costtui.errors import StoreError
from costtui.gateway.admission.opening import boot_id, open_accounts
from costtui.policy.account import Account
from costtui.store.ledger.leases import Lease
from tests.store.ledger.made import LANES, NOON_MS, attempt, begin
from tests.store.ledger.test_leases import asked

EACH = 1_053_000
"""Nano-USD of an attempt of `made`."""
UTC = ZoneInfo("UTC")
DAY, HOUR_MS = Window("day"), 3_600_000
STARTS_MS, ENDS_MS = DAY.span(NOON_MS, UTC)


def budget(name: str = "team", window: Window = DAY, scope: Scope | None = None) -> Budget:
    return Budget(name, ("api",), window, NanoUsd(10**9), AtLimit.BLOCK, scope or Scope())


def lease(granted: int, *, counted: int = 0, closed: bool = False, boot: str = "before") -> Lease:
    assert ENDS_MS is not None
    counts = NanoUsd(granted), NanoUsd(0), NanoUsd(counted)
    return Lease("team", STARTS_MS, ENDS_MS, *counts, closed, 7, boot, NOON_MS)


def opened(folder: Path, *budgets: Budget, shared: bool = False, now_ms: int = NOON_MS) -> list[Account]:
    return open_accounts(budgets, folder, keys=[("key-1", "ann")], zone=UTC, now_ms=now_ms, boot="now", shared=shared)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    writer = begin(tmp_path)
    for number, lane in enumerate(LANES):
        for ago_ms in (0, 2 * HOUR_MS, 13 * HOUR_MS):
            writer.settle(attempt(writer.new_attempt_id(), writer.lane(lane), NOON_MS - ago_ms - number))
    writer.close()
    return tmp_path


def test_each_scope_begins_with_what_it_spent_in_its_window_at_apis(ledger: Path) -> None:
    scopes = {
        "all": (Scope(), DAY, 6),
        "route": (Scope(ScopeKind.ROUTE, "route-0"), DAY, 2),
        "key": (Scope(ScopeKind.KEY, "ann"), DAY, 6),
        "stranger": (Scope(ScopeKind.KEY, "bob"), DAY, 0),
        "provider": (Scope(ScopeKind.PROVIDER, "openai"), DAY, 4),
        "model": (Scope(ScopeKind.MODEL, "model-1"), DAY, 2),
        "hosted": (Scope(ScopeKind.PROVIDER, "vllm"), DAY, 0),
        "hour": (Scope(), Window("hour"), 1),
        "rolling": (Scope(), Window("rolling", 24 * HOUR_MS), 9),
        "short": (Scope(), Window("rolling", HOUR_MS), 3),
        "prepaid": (Scope(), Window("prepaid", from_ms=NOON_MS - 30 * HOUR_MS), 9),
    }
    found = opened(ledger, *(budget(name, window, scope) for name, (scope, window, _) in scopes.items()))
    assert {one.budget.name: one.settled / EACH for one in found} == {
        name: count for name, (_, _, count) in scopes.items()
    }


def test_what_a_rolling_window_holds_leaves_it_no_earlier_than_its_time_has_come(ledger: Path) -> None:
    (one,) = opened(ledger, budget(window=Window("rolling", 3 * HOUR_MS)))
    assert one.settled == 6 * EACH
    one.age(NOON_MS + HOUR_MS - 1_000)
    assert one.settled == 6 * EACH
    one.age(NOON_MS + HOUR_MS + 120_000)
    assert one.settled == 3 * EACH


@pytest.mark.parametrize(
    ("row", "shared", "settled", "elsewhere"),
    [
        (lease(10 * EACH, closed=True), False, 6 * EACH, 0),
        (lease(10 * EACH, counted=5, closed=True), False, 6 * EACH + 5, 0),
        (lease(10 * EACH, boot="now"), False, 6 * EACH, 0),
        (lease(10 * EACH), False, 10 * EACH, 0),
        (lease(2 * EACH), False, 6 * EACH, 0),
        (lease(10 * EACH, boot="now", counted=5), True, 6 * EACH + 5, 4 * EACH - 5),
    ],
    ids=["ended well", "ended well, with more than the ledger has", "killed", "power cut", "old", "still at work"],
)
def test_an_open_lease_counts_in_full_after_a_power_cut_and_is_set_aside_in_a_handover(
    ledger: Path, row: Lease, shared: bool, settled: int, elsewhere: int
) -> None:
    writer = begin(ledger)
    assert asked(writer, row)
    writer.close()
    (one,) = opened(ledger, budget(), shared=shared)
    assert (one.settled, one.elsewhere) == (settled, elsewhere)


def test_a_lease_of_a_window_that_is_over_says_nothing(ledger: Path) -> None:
    writer = begin(ledger)
    assert asked(writer, lease(10 * EACH))
    writer.close()
    assert ENDS_MS is not None
    (one,) = opened(ledger, budget(), now_ms=ENDS_MS + 1)
    assert one.settled == 0


def test_a_ledger_that_cannot_be_read_is_not_taken_for_one_without_spending(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="what was spent of the budgets cannot be read"):
        opened(tmp_path, budget())


def test_the_kernel_says_which_boot_this_is() -> None:
    assert len(boot_id()) == 36
