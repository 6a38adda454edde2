"""Spend in columns, from a real ledger, worked out by hand."""

from contextlib import closing
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from costtui.domain.amount import Provenance
from costtui.domain.attempt import Outcome
from costtui.domain.charge import Charge
from costtui.domain.money import NanoUsd
from costtui.domain.usage import Usage
from costtui.report.spend import GROUPINGS, SpendTable, spend_table
from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.writer import LedgerWriter
from tests.report.scene import DAY, HOUR
from tests.report.test_traffic import MINUTE, NOON, lane, paid, settle

UTC = ZoneInfo("UTC")


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """openai 10 this month, 4 in seven days, 1 today; novita 0.5 today and one without a price; llama self-hosted."""
    writer = LedgerWriter.open(tmp_path, now_ms=NOON, clock_ms=lambda: NOON)
    settle(writer, lane(), NOON - 20 * DAY, paid("6"))
    settle(writer, lane(), NOON - 3 * DAY, paid("3"))
    charge = Charge(NanoUsd(400_000_000), NanoUsd(50_000_000), NanoUsd(50_000_000), NanoUsd(500_000_000), NanoUsd(0))
    usage = Usage(input_tokens=1_000, output_tokens=200, cached_input_tokens=300, cache_write_tokens=100)
    settle(writer, lane(), NOON - 2 * HOUR, charge, usage=usage)
    settle(writer, lane("code", "nov", "novita"), NOON - MINUTE, paid("0.5"), provenance=Provenance.ESTIMATED)
    settle(writer, lane("code", "nov", "novita"), NOON - MINUTE, None, provenance=Provenance.UNKNOWN)
    hosted = lane(target="llama", provider="vllm", hosted=True)
    settle(writer, hosted, NOON - MINUTE, paid("7"), provenance=Provenance.ACCRUED)
    settle(writer, lane(), NOON - MINUTE, outcome=Outcome.CACHED, saved=30_000_000)
    assert writer.committed(10)
    writer.close()
    return tmp_path


def table(state_dir: Path, by: str, at_ms: int = NOON) -> SpendTable:
    with closing(LedgerReader(state_dir)) as ledger:
        return spend_table(ledger, by, at_ms, UTC, lambda _: ())


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("provider", ["openai", "novita"]),
        ("model", ["model-of-gpt5", "model-of-nov"]),
        ("route", ["chat", "code"]),
        ("key", ["k-1"]),
    ],
)
def test_spend_is_grouped_by_what_was_asked_for(state_dir: Path, by: str, names: list[str]) -> None:
    found = table(state_dir, by)
    assert [line.name for line in found.apis] == names
    assert sum((line.month.usd or Decimal(0) for line in found.apis), Decimal(0)) == found.whole.month.usd


def test_columns_are_today_seven_days_and_the_month(state_dir: Path) -> None:
    openai, novita = table(state_dir, "provider").apis
    assert [window.usd for window in (openai.today, openai.week, openai.month)] == [Decimal(1), Decimal(4), Decimal(10)]
    assert [window.usd for window in (novita.today, novita.week, novita.month)] == [Decimal("0.5")] * 3
    assert (novita.month.unpriced, novita.provenance, openai.provenance) == (1, "estimated", "metered")


def test_self_hosted_targets_stand_apart_and_in_no_total(state_dir: Path) -> None:
    found = table(state_dir, "provider")
    assert [(line.name, line.today.usd, line.provenance) for line in found.hosted] == [("vllm", Decimal(7), "accrued")]
    assert (found.whole.today.usd, found.whole.month.unpriced) == (Decimal("1.5"), 1)
    assert found.cache.saved_usd == Decimal("0.03")


def test_kinds_of_tokens_sum_to_what_apis_cost(state_dir: Path) -> None:
    found = {line.name: line.today for line in table(state_dir, "token kind").apis}
    assert [(name, window.usd, window.tokens) for name, window in found.items()] == [
        ("input", Decimal("0.4"), 600),
        ("cached input", Decimal("0.05"), 300),
        ("cache writes", Decimal("0.05"), 100),
        ("output", Decimal("0.5"), 200),
        ("flat: requests, images, stated costs", Decimal("0.5"), 0),
    ]


def test_the_last_day_is_cut_into_hours(state_dir: Path) -> None:
    hours = table(state_dir, "provider").apis[0].hours
    assert len(hours) == 24
    # the hour of noon is the last; the request of 10:00 ended in the hour before the last
    assert (hours[-3], sum(hours)) == (1_000_000_000, 1_000_000_000)


def test_an_earlier_moment_knows_nothing_of_what_came_later(state_dir: Path) -> None:
    found = table(state_dir, "provider", NOON - DAY)
    assert [(line.name, line.month.usd, line.today.usd) for line in found.apis] == [("openai", Decimal(9), Decimal(0))]


@pytest.mark.parametrize("by", GROUPINGS)
def test_without_a_ledger_nothing_was_spent_and_nothing_fails(tmp_path: Path, by: str) -> None:
    found = table(tmp_path, by)
    assert (found.apis, found.hosted, found.whole.month.usd) == ((), (), Decimal(0))
