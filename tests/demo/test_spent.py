"""What the demo's ledger tells of the past."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from costtui.demo.apis import APIS
from costtui.demo.history import write_ledger
from costtui.demo.past import MINUTE_MS, ticks
from costtui.demo.spent import FINE_MS, spent
from costtui.domain.amount import Provenance
from costtui.domain.card import PriceCard
from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.verify import verify

HOUR_MS = 3_600_000
DAY = 1_795_392_000_000
"""A Monday at 00:00 UTC."""


def test_engines_have_the_tokens_and_the_rent_of_their_minutes() -> None:
    minutes = list(ticks(DAY + 12 * HOUR_MS, DAY + 20 * HOUR_MS, 3))
    rows = [row for row in spent(minutes, 3, "k") if row.lane.target == "llama-70b"]
    engine = [minute.engines[0] for minute in minutes]
    assert sum(row.usage.output_tokens for row in rows) == sum(tick.output_tokens for tick in engine)
    # two GPUs at 2.49 $/h over eight hours
    assert sum(row.charge.nano for row in rows) == pytest.approx(2 * 8 * 2.49e9, rel=1e-9)
    assert {(row.lane.self_hosted, row.provenance) for row in rows} == {(True, Provenance.ACCRUED)}


def test_apis_are_charged_by_their_own_price() -> None:
    minutes = list(ticks(DAY + 12 * HOUR_MS, DAY + 14 * HOUR_MS, 3))
    rows = [row for row in spent(minutes, 3, "k") if not row.lane.self_hosted]
    assert {row.lane.provider for row in rows} == {"novita", "openai", "anthropic"}
    for row in rows:
        api = next(api for api in APIS if api.name == row.lane.target)
        assert row.charge == PriceCard.of(api.price).charge(row.usage)


def test_the_last_two_hours_have_a_row_for_each_minute_and_the_rest_for_five() -> None:
    minutes = list(ticks(DAY + 8 * HOUR_MS, DAY + 14 * HOUR_MS, 3))
    ends = [row.at_ms for row in spent(minutes, 3, "k") if row.lane.target == "novita"]
    steps = Counter(later - earlier for earlier, later in pairwise(ends))
    assert set(steps) == {MINUTE_MS, 5 * MINUTE_MS}
    assert steps[MINUTE_MS] in range(FINE_MS // MINUTE_MS - 6, FINE_MS // MINUTE_MS + 6)


def test_the_ledger_of_the_past_is_whole_and_sums_to_its_rows(tmp_path: Path) -> None:
    to_ms = DAY + 14 * HOUR_MS
    minutes = list(ticks(DAY, to_ms, 3))
    write_ledger(tmp_path, minutes, to_ms, 3, "k-1")
    reader = LedgerReader(tmp_path)
    found = {row.labels: row.nano for row in reader.spend(DAY, to_ms, ("target", "key_id"))}
    reader.close()
    told: Counter[tuple[str, str]] = Counter()
    for row in spent(minutes, 3, "k-1"):
        told[row.lane.target, "k-1"] += row.charge.nano
    assert found == told
    assert verify(tmp_path) == []
