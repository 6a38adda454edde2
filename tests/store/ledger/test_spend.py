"""Sums from rollups equal sums over the attempts, at any edge, before and after they are closed, swept and late."""

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from costtui.domain.attempt import Attempt, Outcome
from costtui.store.ledger.purge import purge
from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.rollup import close_buckets, sweep_minutes
from costtui.store.ledger.rows import SpendRow
from costtui.store.ledger.schema import LEDGER
from costtui.store.ledger.verify import verify
from tests.store.ledger.made import LANES, NOON_MS, any_attempt, attempt, written
from tests.store.ledger.test_verify import sealed

DAY_MS = 86_400_000
FAILED = {Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.CUT, Outcome.LOST}


def oracle(made: Sequence[Attempt], begin_ms: int, end_ms: int) -> dict[tuple[str, bool], tuple[int, ...]]:
    """By route and self-hosted: requests, attempts, failed, unpriced, input tokens, cache writes, nano, saved."""
    sums: dict[tuple[str, bool], list[int]] = {}
    for each in made:
        if begin_ms <= each.started_ms + each.duration_ms < end_ms:
            lane, usage = LANES[each.lane], each.usage
            held = sums.setdefault((lane.route, lane.self_hosted), [0] * 8)
            new = (
                *(each.attempt_id == each.request_id, 1, each.outcome in FAILED, each.charge is None),
                *(usage.input_tokens, usage.cache_write_tokens + usage.cache_write_1h_tokens),
                *(each.charge.nano if each.charge else 0, each.saved_nano or 0),
            )
            for place, figure in enumerate(new):
                held[place] += figure
    return {key: tuple(held) for key, held in sums.items()}


def shown(rows: Sequence[SpendRow]) -> dict[tuple[str, bool], tuple[int, ...]]:
    """The same of an answer."""
    return {
        (row.labels[0], row.self_hosted): (
            *(row.requests, row.attempts, row.failed, row.unpriced, row.input_tokens, row.cache_write_tokens),
            *(row.nano or 0, row.saved_nano),
        )
        for row in rows
    }


@pytest.mark.parametrize("days_later", [0, 1, 4])
def test_spend_equals_the_sum_of_its_attempts_at_any_edge(tmp_path: Path, days_later: int) -> None:
    dice = Random(days_later)
    made = [any_attempt(n + 1, n % 5, NOON_MS + dice.randrange(3 * DAY_MS), dice) for n in range(800)]
    written(tmp_path, made[:700])
    with contextlib.closing(sqlite3.connect(tmp_path / LEDGER)) as connection:
        for _ in range(40):
            close_buckets(connection, NOON_MS + days_later * DAY_MS)
            sweep_minutes(connection, NOON_MS + days_later * DAY_MS)
        connection.commit()
    written(tmp_path, made[700:])  # late: into what is closed and swept
    reader = LedgerReader(tmp_path)
    for _ in range(40):
        begin_ms, end_ms = sorted(NOON_MS + dice.randrange(-DAY_MS, 4 * DAY_MS) for _ in range(2))
        assert shown(reader.spend(begin_ms, end_ms, ("route",))) == oracle(made, begin_ms, end_ms)
        step = dice.choice([60_000, 900_000, 3_600_000, DAY_MS, 7_777])
        inside = min(end_ms, begin_ms + 50 * step)
        buckets = reader.spend(begin_ms, inside, ("route", "bucket"), bucket_ms=step)
        for row in buckets:
            at_ms = int(row.labels[1])
            only = oracle(made, at_ms, min(at_ms + step, inside))
            assert shown([row])[row.labels[0], row.self_hosted] == only[row.labels[0], row.self_hosted]
        assert sum(row.attempts for row in buckets) == sum(held[1] for held in oracle(made, begin_ms, inside).values())
    reader.close()
    assert verify(tmp_path) == []


def test_what_nobody_can_price_is_unknown_and_not_nothing(tmp_path: Path) -> None:
    written(tmp_path, [attempt(1, 0, charge=None), attempt(2, 2), attempt(3, 2, charge=None)])
    reader = LedgerReader(tmp_path)
    found = {row.labels[0]: row for row in reader.spend(0, 1 << 50, ("provider",))}
    assert found["openai"].nano is None
    assert (found["anthropic"].nano, found["anthropic"].unpriced) == (1_053_000, 1)
    assert [row.nano_per_hour for row in reader.rate(NOON_MS - 1_800_000, NOON_MS + 1_800_000)] == [1_053_000, None]
    reader.close()


def test_api_and_self_hosted_are_never_one_sum(tmp_path: Path) -> None:
    written(tmp_path, [attempt(number, number % 5) for number in range(1, 11)])
    reader = LedgerReader(tmp_path)
    assert [row.self_hosted for row in reader.spend(0, 1 << 50, ())] == [False, True]
    assert {row.provider for row in reader.rate(0, 1 << 50)} == {"openai", "anthropic"}
    with pytest.raises(ValueError, match="not kept by"):
        reader.spend(0, 1, ("colour",))
    reader.close()


def test_latency_is_by_nearest_rank_and_without_attempts_that_had_no_answer(tmp_path: Path) -> None:
    times = [*range(1, 101), None]
    written(tmp_path, [attempt(number, 0, ttft_ms=time) for number, time in enumerate(times, 1)])
    reader = LedgerReader(tmp_path)
    assert [row[1:] for row in reader.latency(NOON_MS, NOON_MS + 1, ("target",))] == [(100, 50, 95)]
    assert reader.latency(0, 1, ("target",)) == []
    reader.close()


def test_large_attempts_are_summed_by_the_step_that_their_input_is_above_over_sealed_months_too(tmp_path: Path) -> None:
    inputs = {1: 128_000, 2: 128_001, 3: 200_000, 4: 200_001, 5: 900}
    written(
        tmp_path, [attempt(n, 0, NOON_MS, usage=attempt(1).usage._replace(input_tokens=i)) for n, i in inputs.items()]
    )
    later = NOON_MS + 40 * DAY_MS

    def asked() -> tuple[dict[str, tuple[int, int]], bool, list[SpendRow]]:
        with contextlib.closing(LedgerReader(tmp_path)) as reader:
            rows = reader.large(NOON_MS, NOON_MS + 1, ("model",), (200_000, 128_000))
            found = {row.labels[1]: (row.requests, row.input_tokens) for row in rows}
            return found, reader.all_kept(NOON_MS, NOON_MS + 1), reader.large(NOON_MS, NOON_MS + 1, (), ())

    assert asked() == ({"128000": (2, 328_001), "200000": (1, 200_001)}, True, [])
    sealed(tmp_path, later)
    assert asked() == ({"128000": (2, 328_001), "200000": (1, 200_001)}, True, [])
    assert purge(tmp_path, later, later) == len(inputs)
    assert asked() == ({}, False, [])


def test_a_missing_ledger_answers_with_nothing(tmp_path: Path) -> None:
    reader = LedgerReader(tmp_path)
    assert not reader.changed()
    assert not any((reader.spend(0, 9, ("route",)), reader.recent(5), reader.latency(0, 9, ()), reader.rate(0, 9)))
    reader.close()


def test_the_newest_whole_answers_of_apis_come_with_their_length_and_how_they_were_asked(tmp_path: Path) -> None:
    dice = Random(7)
    made = [any_attempt(n + 1, n % len(LANES), NOON_MS + n * 1_000, dice) for n in range(400)]
    written(tmp_path, made)
    begin, end = NOON_MS + 50_000, NOON_MS + 300_000
    expected = [
        (LANES[each.lane].route, LANES[each.lane].target, each.stream, each.usage.output_tokens)
        for each in made
        if each.outcome is Outcome.OK
        and not LANES[each.lane].self_hosted
        and begin <= each.started_ms + each.duration_ms < end
    ]
    with contextlib.closing(LedgerReader(tmp_path)) as reader:
        found = reader.answers(begin, end)
        assert reader.answers(end, begin) == []
    assert expected
    assert sorted(found) == sorted(expected)
