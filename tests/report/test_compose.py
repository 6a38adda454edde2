"""The picture agrees with what a hand works out from the scene."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from costtui.config.model import GpuRule, Host
from costtui.domain.amount import RateSource
from costtui.domain.gpu import GpuState
from costtui.domain.reading import GpuProcess, Problem
from costtui.domain.terms import Adjustment, GpuTerms, KeptTerms, PowerTerms, Rate, Session
from costtui.domain.tick import EngineTick
from costtui.report.observation import SourceNow
from costtui.report.schema import from_json, to_json
from costtui.store.reader import TelemetryReader
from costtui.store.rows import Second
from costtui.store.writer import TelemetryWriter
from tests.report import scene
from tests.report.composed import NOON, USD, compose, keys, parts
from tests.report.scene import (
    CONFIG,
    DAY,
    HOUR,
    MIDNIGHT,
    MONTH,
    Book,
    composer_of,
    contract,
    engine,
    gpu,
    seen,
    token_ticks,
    write,
)


def test_a_day_is_split_by_what_the_gpu_did(tmp_path: Path) -> None:
    spans = [
        (MIDNIGHT, MIDNIGHT + 6 * HOUR, GpuState.BUSY),
        (MIDNIGHT + 6 * HOUR, MIDNIGHT + 9 * HOUR, GpuState.IDLE_LOADED),
        (MIDNIGHT + 9 * HOUR, MIDNIGHT + 10 * HOUR, GpuState.LOST),
    ]
    write(tmp_path, {"GPU-0": spans})
    status = compose(tmp_path, seen(NOON, [gpu(0, GpuState.IDLE_LOADED)]))
    # 2.49 x 12 = 29.88: 6 h busy 14.94, 3 h idle 7.47, 1 h lost 2.49, 2 h that nobody observed 4.98
    assert status.today.gpu_usd == Decimal("29.88")
    assert status.today.busy_usd == Decimal("14.94")
    assert status.today.idle_usd == Decimal("7.47")
    assert status.today.lost_usd == Decimal("2.49")
    assert status.today.unobserved_usd == Decimal("4.98")
    assert parts(status.today) == status.today.gpu_usd
    # the month has 22 days more: 2.49 x 540 h = 1344.60
    assert status.month.gpu_usd == Decimal("1344.6")
    assert parts(status.month) == status.month.gpu_usd
    # until midnight 12 h more
    assert status.today.projected_usd == Decimal("59.76")
    assert status.gpus[0].idle_seconds_today == 10_800
    assert sum(status.gpus[0].seconds_today.values()) == 43_200


def test_two_days_without_an_agent_are_owed_and_unobserved(tmp_path: Path) -> None:
    status = compose(tmp_path, seen(MONTH + 2 * DAY, [gpu(0, GpuState.UNKNOWN)]))
    assert status.month.gpu_usd == Decimal("119.52")  # 2.49 x 48
    assert status.month.unobserved_usd == Decimal("119.52")
    assert status.month.idle_usd == 0


def test_burn_counts_idle_and_lost_as_shares_of_the_rent(tmp_path: Path) -> None:
    states = (GpuState.BUSY, GpuState.LOW, GpuState.IDLE_LOADED, GpuState.EMPTY, GpuState.OTHER, GpuState.LOST)
    status = compose(tmp_path, seen(NOON, [gpu(at, state) for at, state in enumerate(states)]))
    assert status.burn.gpu_usd_per_hour == Decimal("14.94")  # 6 x 2.49
    assert status.burn.idle_usd_per_hour == Decimal("4.98")
    assert status.burn.lost_usd_per_hour == Decimal("2.49")
    assert status.burn.power_usd_per_hour == 0
    assert status.burn.total_usd_per_hour == Decimal("14.94")
    assert status.burn.api_usd_per_hour is None
    assert status.unknown == ("api",)


def test_an_unknown_gpu_is_never_idle(tmp_path: Path) -> None:
    status = compose(tmp_path, seen(NOON, [gpu(0, GpuState.UNKNOWN)]))
    assert status.burn.idle_usd_per_hour == 0
    assert status.gpus[0].idle_usd_today == 0


def test_a_gpu_without_a_rate_is_named_and_the_rest_is_summed(tmp_path: Path) -> None:
    nothing = KeptTerms(MONTH, GpuTerms((), RateSource.UNKNOWN, "always", PowerTerms(False)))
    kept = {"GPU-0": contract(), "GPU-3": (nothing,)}
    status = compose(tmp_path, seen(NOON, [gpu(0, GpuState.BUSY), gpu(3, GpuState.BUSY)], kept=kept))
    assert status.unknown == ("gpu:3", "power", "api")
    assert status.burn.gpu_usd_per_hour == Decimal("2.49")
    assert status.today.gpu_usd == Decimal("29.88")
    assert status.today.unknown == ("gpu:3", "power", "api")
    assert status.gpus[1].usd_per_hour is None
    assert status.gpus[1].rent_usd_today is None
    assert "no-rate" in keys(status)


def test_a_host_of_which_nothing_is_known_shows_no_0(tmp_path: Path) -> None:
    status = compose(tmp_path, seen(NOON, [gpu(0, GpuState.BUSY)], kept={}))
    assert status.burn.total_usd_per_hour is None
    assert status.burn.gpu_usd_per_hour is None
    assert status.burn.idle_usd_per_hour is None
    assert status.today.total_usd is None
    assert status.today.idle_usd is None


def test_a_host_without_gpus_is_a_normal_host(tmp_path: Path) -> None:
    status = compose(tmp_path, seen(NOON, []))
    assert status.burn.gpu_usd_per_hour == 0
    assert status.unknown == ("api",)


def test_gpus_that_are_rented_and_not_seen_are_unknown(tmp_path: Path) -> None:
    config = replace(CONFIG, gpus=(GpuRule("*", (Rate(MONTH, Decimal("2.49")),)),))
    status = compose(tmp_path, seen(NOON, []), config)
    assert status.burn.gpu_usd_per_hour is None
    assert status.today.total_usd is None
    assert "gpu" in status.unknown


def test_power_is_added_where_it_is_paid_apart(tmp_path: Path) -> None:
    write(tmp_path, {"GPU-0": [(MIDNIGHT, NOON, GpuState.BUSY)]})
    kept = {"GPU-0": contract(power=PowerTerms(False, Decimal("0.12"), Decimal("1.3")))}
    status = compose(tmp_path, seen(NOON, [gpu(0, GpuState.BUSY)], kept=kept))
    # 500 W: 6 kWh in 12 h x 0.12 x 1.3 = 0.936, and 0.078 $/h
    assert status.today.power_usd == Decimal("0.936")
    assert status.burn.power_usd_per_hour == Decimal("0.078")
    assert status.today.total_usd == Decimal("30.816")
    assert status.today.projected_usd == Decimal("61.632")
    assert status.gpus[0].energy_joules_today == 21_600_000


def test_a_price_change_in_the_middle_of_the_day_splits_each_part_at_its_own_rate(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"GPU-0": [(MIDNIGHT, MIDNIGHT + 6 * HOUR, GpuState.BUSY), (MIDNIGHT + 6 * HOUR, NOON, GpuState.EMPTY)]},
    )
    rates = (Rate(MONTH, Decimal(2)), Rate(MIDNIGHT + 6 * HOUR, Decimal(3)))
    kept = {"GPU-0": (KeptTerms(MONTH, GpuTerms(rates, RateSource.CONTRACT, "always", PowerTerms(True))),)}
    status = compose(tmp_path, seen(NOON, [gpu(0, GpuState.EMPTY)], kept=kept))
    assert (status.today.busy_usd, status.today.idle_usd) == (Decimal(12), Decimal(18))  # 6 x 2 and 6 x 3
    assert status.today.gpu_usd == 30


def test_an_adjustment_stands_beside_the_parts_and_in_the_total(tmp_path: Path) -> None:
    writer = TelemetryWriter.open(tmp_path, now_ms=MIDNIGHT)
    writer.keep_adjustments([Adjustment("GPU-0", NOON - HOUR, 5 * USD, "edited"), Adjustment("GPU-9", NOON, USD, "")])
    writer.close()
    status = compose(tmp_path, seen(NOON, [gpu(0, GpuState.BUSY)]))
    assert status.today.adjustment_usd == 5
    assert status.today.gpu_usd == Decimal("29.88")
    assert status.today.total_usd == Decimal("34.88")


def test_only_my_gpus_count_where_i_pay_for_mine_alone(tmp_path: Path) -> None:
    mine, theirs = gpu(0, GpuState.OTHER), gpu(1, GpuState.OTHER)
    assert mine.reading is not None
    mine = replace(mine, reading=replace(mine.reading, processes=(GpuProcess(1, 1, "alice", "train"),)))
    config = replace(CONFIG, host=Host("gpu-07", ZoneInfo("UTC"), pays="mine"))
    status = compose(tmp_path, seen(NOON, [mine, theirs]), config)
    assert status.burn.gpu_usd_per_hour == Decimal("2.49")
    assert len(status.gpus) == 2


def test_a_served_million_tokens_stands_beside_the_cheapest_api(tmp_path: Path) -> None:
    write(tmp_path, {"GPU-0": [(NOON - HOUR, NOON, GpuState.BUSY)]}, token_ticks(NOON))
    observation = seen(NOON, [gpu(0, GpuState.BUSY, engines=("llama",))], engines=(engine(),))
    status = compose(tmp_path, observation, book=Book("0.20"))
    found = status.engines[0]
    # one hour of 2.49 over 180 x 12,000 = 2.16 Mtok: 1.152778, all of it worked
    assert found.usd_per_million_tokens.allocation == Decimal("1.152778")
    assert found.usd_per_million_tokens.usage == Decimal("1.152778")
    assert found.usd_per_million_tokens.window_seconds == 3_600
    assert (found.input_tokens_today, found.output_tokens_today, found.cached_input_tokens_today) == (
        1_440_000,
        720_000,
        360_000,
    )
    assert found.cheapest_api is not None
    assert found.cheapest_api.usd_per_million_tokens == Decimal("0.20")
    assert (found.last_hour_usd, found.last_hour_at_zero_load_usd) == (Decimal("2.49"), Decimal("2.49"))
    assert "cheaper-api:llama" in keys(status)
    assert "cheaper-api:llama" not in keys(compose(tmp_path, observation, book=Book("9")))


def test_an_engine_whose_gpus_are_unknown_has_no_cost_per_token(tmp_path: Path) -> None:
    write(tmp_path, {}, token_ticks(NOON))
    status = compose(tmp_path, seen(NOON, [gpu(0, GpuState.BUSY)], engines=(engine(holds=None),)))
    cost = status.engines[0].usd_per_million_tokens
    assert cost.allocation is None
    assert "not known" in cost.reason
    assert status.engines[0].last_hour_usd is None


def test_list_prices_store_trouble_and_refused_configurations_are_said(tmp_path: Path) -> None:
    listed = {f"GPU-{index}": contract(source=RateSource.LIST) for index in (0, 1, 2, 6)}
    status = compose(
        tmp_path,
        seen(
            NOON,
            [gpu(index, GpuState.BUSY) for index in (0, 1, 2, 6)],
            kept=listed,
            trouble=Problem("store", "disk full", "free some space"),
            config_problems=("config.toml:3 gpus: what",),
        ),
    )
    found = keys(status)
    assert found["list-price"].text.startswith("GPU 0-2, 6 at list price")
    assert found["store"].text == "store: disk full: free some space"
    assert found["config:0"].text == "config.toml:3 gpus: what"


def test_no_control_byte_of_an_outside_string_reaches_the_picture(tmp_path: Path) -> None:
    hostile = "\x1b]52;c;cm0=\x07\u202eevil\n"
    now = gpu(0, GpuState.LOST, reason=hostile, engines=(hostile,))
    assert now.reading is not None
    process = GpuProcess(1, 1, hostile, hostile, hostile)
    now = replace(now, name=hostile, reading=replace(now.reading, processes=(process,)))
    loud = SourceNow(hostile, None, 1.0, Problem(hostile, hostile, hostile))
    target = replace(scene.LLAMA, name=hostile, model=hostile, url=hostile)
    observation = seen(
        NOON, [now], engines=(engine(target=target),), host_name=hostile, sources=(loud,),
        driver=hostile, trouble=Problem("store", hostile), notices=((hostile, hostile),),
    )  # fmt: skip
    body = to_json(compose(tmp_path, observation, replace(CONFIG, host=Host(None, ZoneInfo("UTC")))))
    assert b"\\u001b" not in body
    assert b"\\n" not in body
    assert "\u202e" not in body.decode()


def test_the_picture_survives_its_own_json(tmp_path: Path) -> None:
    status = compose(tmp_path, seen(NOON, [gpu(0, GpuState.BUSY)], engines=(engine(),)))
    assert from_json(to_json(status)) == status


def test_the_picture_moves_with_the_store_from_second_to_second(tmp_path: Path) -> None:
    writer, reader = TelemetryWriter.open(tmp_path, now_ms=NOON), TelemetryReader(tmp_path)
    composer = composer_of(reader, tmp_path)
    for second in range(1, 61):
        at_ms = NOON + second * 1_000
        tick = EngineTick("llama", at_ms, 1_000, 1_000, 0, 7)
        writer.record(Second(at_ms, engines=(tick,))).result(timeout=30)
        status = composer.compose(seen(at_ms, [gpu(0, GpuState.BUSY)], engines=(engine(),)), CONFIG, None)
        assert status.engines[0].output_tokens_today == 7 * second
    reader.close()
    writer.close()


def test_at_midnight_the_new_day_has_cost_nothing_and_is_known(tmp_path: Path) -> None:
    status = compose(tmp_path, seen(MIDNIGHT, [gpu(0, GpuState.BUSY)]))
    assert (status.today.gpu_usd, status.today.total_usd) == (Decimal(0), Decimal(0))
    assert status.month.gpu_usd == Decimal("1314.72")  # 22 x 24 x 2.49


def test_a_composer_that_runs_over_midnight_begins_a_new_day(tmp_path: Path) -> None:
    write(tmp_path, {"GPU-0": [(MIDNIGHT - HOUR, MIDNIGHT, GpuState.BUSY)]})
    reader = TelemetryReader(tmp_path)
    composer = composer_of(reader, tmp_path)
    before = composer.compose(seen(MIDNIGHT - 1, [gpu(0, GpuState.BUSY)]), CONFIG, None)
    after = composer.compose(seen(MIDNIGHT + HOUR, [gpu(0, GpuState.BUSY)]), CONFIG, None)
    reader.close()
    assert before.gpus[0].seconds_today["busy"] == 3_600
    assert after.gpus[0].seconds_today["busy"] == 0
    assert after.today.gpu_usd == Decimal("2.49")
    assert after.month.busy_usd == Decimal("2.49")


def test_a_host_paid_while_on_owes_nothing_for_the_time_it_was_off(tmp_path: Path) -> None:
    terms = GpuTerms((Rate(MONTH, Decimal("2.00")),), RateSource.CONTRACT, "while-on", PowerTerms(True))
    booted = Session("boot", NOON - 3 * HOUR, NOON)
    observation = seen(NOON, [gpu(0, GpuState.BUSY)], kept={"GPU-0": (KeptTerms(MONTH, terms),)}, session=booted)
    status = compose(tmp_path, observation)
    assert status.today.gpu_usd == 6  # 3 h x 2.00
    assert status.today.unobserved_usd == 6


def test_a_source_that_missed_several_looks_is_stale(tmp_path: Path) -> None:
    sources = (SourceNow("host", NOON - 16_000, 5.0), SourceNow("nvml", NOON - 5_000, 1.0), SourceNow("new", None, 1.0))
    status = compose(tmp_path, seen(NOON, [], sources=sources))
    assert [source.state for source in status.sources] == ["stale", "ok", "stale"]


def test_engines_on_one_gpu_share_its_rent_by_the_time_they_worked(tmp_path: Path) -> None:
    quarter = [replace(tick, engine="other") for tick in token_ticks(NOON)[-60:]]
    write(tmp_path, {"GPU-0": [(NOON - HOUR, NOON, GpuState.BUSY)]}, [*token_ticks(NOON), *quarter])
    other = engine(target=replace(scene.LLAMA, name="other"))
    status = compose(tmp_path, seen(NOON, [gpu(0, GpuState.BUSY)], engines=(engine(), other)))
    # llama worked 60 min and the other 20: 2.49 x 3/4 = 1.8675 and 0.6225 in the last hour
    assert [found.last_hour_usd for found in status.engines] == [Decimal("1.8675"), Decimal("0.6225")]
