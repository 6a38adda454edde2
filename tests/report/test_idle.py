"""A day of eight GPUs with known idle windows: the map, the sums and what they would have bought equal an oracle."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.analysis.idle_hours import (
    IdleSum,
    IdleTime,
    Place,
    by_gpu_hour,
    by_hour,
    stop_after_seconds,
    together,
    tokens_for,
)
from costtui.config.model import Config, Host, Target
from costtui.domain.amount import RateSource
from costtui.domain.gpu import GpuState
from costtui.domain.money import NanoUsd
from costtui.domain.price import TokenPrice
from costtui.domain.terms import GpuTerms, PowerTerms, Rate
from costtui.domain.tick import GpuTick
from costtui.report.idle import IdleReport, idle_report
from costtui.store.reader import TelemetryReader
from costtui.store.rows import KnownGpu, Second
from costtui.store.writer import TelemetryWriter
from tests.report.scene import DAY, HOUR, MIDNIGHT, contract

QUARTER = 900_000
LLAMA = "meta-llama/Llama-3.3-70B-Instruct"
CONFIG = Config(
    host=Host("gpu-07", ZoneInfo("Europe/Berlin")),
    targets=(Target("llama", "vllm", "http://127.0.0.1:8000/v1", LLAMA, (0, 1)),),
)


class Sellers:
    """Two that sell the model."""

    def offered(self, model: str, at_ms: int) -> list[TokenPrice]:
        prices = (("dear", "2.00"), ("cheap", "0.40")) if model == LLAMA else ()
        return [TokenPrice(name, model, Decimal("0.1"), Decimal(usd)) for name, usd in prices]


def states(seed: int) -> dict[tuple[int, int], GpuState]:
    """Of each GPU and quarter of the day, by chance."""
    dice = Random(seed)
    return {(gpu, quarter): dice.choice(list(GpuState)) for gpu in range(8) for quarter in range(96)}


@pytest.fixture
def day(tmp_path: Path) -> Iterator[tuple[TelemetryReader, dict[tuple[int, int], GpuState]]]:
    """Written tick by tick, a quarter each; GPU 7 has no known rate."""
    said = states(4)
    with closing(TelemetryWriter.open(tmp_path, now_ms=MIDNIGHT)) as writer:
        for quarter in range(96):
            at_ms = MIDNIGHT + (quarter + 1) * QUARTER
            ticks = tuple(
                GpuTick(f"GPU-{gpu}", at_ms, QUARTER, said[gpu, quarter], 7, 1, 500_000, 40, 1) for gpu in range(8)
            )
            known = tuple(
                KnownGpu(f"GPU-{gpu}", gpu, "NVIDIA H100", MIDNIGHT, at_ms, said[gpu, quarter], at_ms - QUARTER)
                for gpu in range(8)
            )
            writer.record(Second(at_ms, ticks, (), known)).result(10)
        for gpu in range(7):
            (terms,) = contract("2.49" if gpu else "3.00")
            writer.keep_terms(f"GPU-{gpu}", terms.terms, MIDNIGHT).result(10)
    with closing(TelemetryReader(tmp_path)) as reader:
        yield reader, said


def found(reader: TelemetryReader) -> IdleReport:
    return idle_report(reader, CONFIG, Sellers(), MIDNIGHT, MIDNIGHT + DAY)


IDLE = (GpuState.IDLE_LOADED, GpuState.EMPTY)


def test_each_gpu_s_idle_rent_equals_the_oracle(day: tuple[TelemetryReader, dict[tuple[int, int], GpuState]]) -> None:
    reader, said = day
    for gpu in found(reader).gpus:
        quarters = sum(said[gpu.index, quarter] in IDLE for quarter in range(96))
        nano_each = 750_000_000 if gpu.index == 0 else 622_500_000  # a quarter of 3.00 and of 2.49
        assert gpu.sum.idle_ms == quarters * QUARTER
        assert gpu.sum.nano == (0 if gpu.index == 7 else quarters * nano_each)
        assert gpu.sum.unknown_ms == (quarters * QUARTER if gpu.index == 7 else 0)
        assert (gpu.since_ms is not None) == (said[gpu.index, 95] in IDLE)


def test_the_map_has_each_hour_of_the_user_s_own_clock(
    day: tuple[TelemetryReader, dict[tuple[int, int], GpuState]],
) -> None:
    """Midnight UTC of that Monday is one o'clock in Berlin, and the day ends on Tuesday there."""
    reader, said = day
    hours = found(reader).hours
    for hour in range(24):
        here = (0, hour + 1) if hour < 23 else (1, 0)
        idle = [gpu for gpu in range(8) for quarter in range(4) if said[gpu, hour * 4 + quarter] in IDLE]
        nano = sum(750_000_000 if gpu == 0 else 622_500_000 for gpu in idle if gpu != 7)
        assert hours.get(here, IdleSum()).nano == nano
    assert sum(each.nano for each in hours.values()) == found(reader).whole.nano


def test_idle_rent_is_told_in_tokens_of_the_cheapest_seller(
    day: tuple[TelemetryReader, dict[tuple[int, int], GpuState]],
) -> None:
    reader, said = day
    gpus = {gpu.index: gpu for gpu in found(reader).gpus}
    quarters = sum(said[0, quarter] in IDLE for quarter in range(96))
    assert (gpus[0].seller, gpus[0].bought_tokens) == ("cheap", quarters * 1_875_000)  # 0.75 $ at 0.40 $/M
    assert (gpus[5].seller, gpus[5].bought_tokens) == ("", None)


def test_without_prices_nothing_is_said_to_be_buyable(
    day: tuple[TelemetryReader, dict[tuple[int, int], GpuState]],
) -> None:
    reader, _ = day
    assert {gpu.bought_tokens for gpu in idle_report(reader, CONFIG, None, MIDNIGHT, MIDNIGHT + DAY).gpus} == {None}


def test_an_empty_store_has_no_idle_gpu(tmp_path: Path) -> None:
    with closing(TelemetryReader(tmp_path)) as reader:
        assert found(reader) == replace(found(reader), gpus=(), hours={}, whole=IdleSum())


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.tuples(st.integers(0, 6), st.integers(0, 23)),
            st.integers(0, QUARTER),
            st.sampled_from([None, "2.49", "0"]),
        )
    )
)
def test_every_way_to_sum_comes_to_the_same(rows: list[tuple[str, Place, int, str | None]]) -> None:
    times = [
        IdleTime(uuid, place, idle_ms, None if usd is None else Decimal(usd)) for uuid, place, idle_ms, usd in rows
    ]
    maps = by_gpu_hour(times)
    hours, gpus = by_hour(maps.values()), {uuid: together(places.values()) for uuid, places in maps.items()}
    for part in ("idle_ms", "nano", "unknown_ms"):
        whole = sum(getattr(each, part) for each in gpus.values())
        assert sum(getattr(each, part) for each in hours.values()) == whole
    assert sum(each.nano for each in gpus.values()) == sum(time.nano or 0 for time in times)


def test_a_rate_that_changes_within_the_day_counts_from_its_own_quarter_on(tmp_path: Path) -> None:
    """2 $ an hour until ten past eight, 4 $ from there: the quarter of eight still costs what it began with."""
    edge = MIDNIGHT + 8 * HOUR + 600_000
    rates = (Rate(MIDNIGHT, Decimal(2)), Rate(edge, Decimal(4)))
    terms = GpuTerms(rates, RateSource.CONTRACT, "always", PowerTerms(True))
    with closing(TelemetryWriter.open(tmp_path, now_ms=MIDNIGHT)) as writer:
        for quarter in range(40):
            at_ms = MIDNIGHT + (quarter + 1) * QUARTER
            tick = GpuTick("GPU-0", at_ms, QUARTER, GpuState.EMPTY, 0, 0, 70_000, 30, 1)
            known = KnownGpu("GPU-0", 0, "NVIDIA H100", MIDNIGHT, at_ms, GpuState.EMPTY, MIDNIGHT)
            writer.record(Second(at_ms, (tick,), (), (known,))).result(10)
        writer.keep_terms("GPU-0", terms, MIDNIGHT).result(10)
    with closing(TelemetryReader(tmp_path)) as reader:
        report = idle_report(reader, Config(), None, MIDNIGHT, MIDNIGHT + DAY)
    assert {hour: each.nano for (_, hour), each in report.hours.items()} == {
        **dict.fromkeys(range(8), 2_000_000_000),
        8: 500_000_000 + 3 * 1_000_000_000,
        9: 4_000_000_000,
    }


def test_what_free_tokens_would_buy_is_not_a_number() -> None:
    assert tokens_for(NanoUsd(10**9), Decimal(0)) is None
    assert tokens_for(NanoUsd(10**9), Decimal("0.40")) == 2_500_000


@given(st.integers(1, 3_600), st.integers(0, 100_000))
def test_who_stops_after_a_cold_start_s_time_never_pays_more_than_twice_the_best(cold: int, pause: int) -> None:
    """In seconds of rent: through the pause, or until the stop and then a new start."""
    stop = stop_after_seconds(cold)
    paid = pause if pause <= stop else stop + cold
    assert paid <= 2 * min(pause, cold)
