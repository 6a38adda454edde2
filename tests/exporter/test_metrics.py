"""What /metrics says of real stores, counter by counter."""

import contextlib
from pathlib import Path
from random import Random

from msgspec.structs import replace

from costtui.domain.amount import Provenance
from costtui.domain.attempt import Lane
from costtui.domain.charge import Charge
from costtui.domain.gpu import GpuState
from costtui.domain.money import NanoUsd
from costtui.domain.tick import EngineTick, GpuTick
from costtui.domain.usage import Usage
from costtui.exporter.collect import Facts
from costtui.exporter.names import Names
from costtui.exporter.spend import KEYS_MOST, LANES_MOST, SpendFamilies
from costtui.report.schema import Status, to_json
from costtui.store.ledger.rows import SpendRow
from costtui.store.ledger.writer import LedgerWriter
from costtui.store.rows import KnownGpu, Second
from costtui.store.writer import TelemetryWriter
from tests.exporter.scraped import Sample, facts_of, figure, scraped
from tests.store.ledger.made import NOON_MS, any_attempt, attempt
from tests.tui.pictures import carried

SERIES_MOST = 1_000
API = Lane("chat", "gpt", "openai", False, "gpt-5", "chat", "k-1", "gpt-5", "h")
OWN = Lane("chat", "llama", "vllm", True, "llama", "chat", "k-1", "", "")
CLAUDE = Lane("code", "claude", "anthropic", False, "claude-sonnet-4-5", "messages", "k-2", "", "")


def settle(state_dir: Path, rows: list[tuple[Lane, dict[str, object]]]) -> None:
    with contextlib.closing(LedgerWriter.open(state_dir, now_ms=NOON_MS, clock_ms=lambda: NOON_MS)) as writer:
        for lane, changes in rows:
            writer.settle(attempt(writer.new_attempt_id(), writer.lane(lane), NOON_MS, **changes))
        assert writer.committed(30)


def test_tokens_and_money_are_those_of_the_ledger(tmp_path: Path) -> None:
    charge = Charge(NanoUsd(812_000), NanoUsd(1_000), NanoUsd(0), NanoUsd(240_000), NanoUsd(0))
    settle(tmp_path, [(API, {"usage": Usage(812, 240, 100), "charge": charge})] * 3)
    with contextlib.closing(facts_of(tmp_path, NOON_MS + 1)) as facts:
        found = scraped(facts)
    labels = {"gen_ai_provider_name": "openai", "gen_ai_request_model": "gpt-5", "gen_ai_operation_name": "chat"}
    tokens, money = "gen_ai_client_token_usage_total", "costtui_api_cost_usd_total"
    assert figure(found, tokens, gen_ai_token_type="input", **labels) == 2_436
    assert figure(found, tokens, gen_ai_token_type="output", **labels) == 720
    assert figure(found, "costtui_token_part_total", costtui_kind="cached_input") == 300
    assert figure(found, money, costtui_kind="input", costtui_route="chat") == 0.002436
    assert figure(found, money, costtui_kind="output") == 0.00072
    assert figure(found, "costtui_key_api_cost_usd_total", costtui_key="k-1") == 0.003159
    assert figure(found, "costtui_requests_total", costtui_target="gpt") == 3


def test_what_has_no_price_is_counted_and_has_no_cost(tmp_path: Path) -> None:
    settle(tmp_path, [(CLAUDE, {"charge": None, "provenance": Provenance.UNKNOWN}), (API, {})])
    with contextlib.closing(facts_of(tmp_path, NOON_MS + 1)) as facts:
        found = scraped(facts)
    assert figure(found, "costtui_unpriced_requests_total", costtui_target="claude") == 1
    assert figure(found, "costtui_unpriced_requests_total", costtui_target="gpt") == 0
    assert figure(found, "costtui_api_cost_usd_total", costtui_target="claude", costtui_kind="input") is None
    assert figure(found, "costtui_key_api_cost_usd_total", costtui_key="k-2") is None
    assert figure(found, "gen_ai_client_token_usage_total", costtui_target="claude", gen_ai_token_type="input") == 812


def test_a_share_of_rent_is_never_among_the_cost_of_apis(tmp_path: Path) -> None:
    settle(tmp_path, [(OWN, {"charge": Charge(flat_nano=NanoUsd(5_000)), "provenance": Provenance.ACCRUED})])
    with contextlib.closing(facts_of(tmp_path, NOON_MS + 1)) as facts:
        found = scraped(facts)
    assert figure(found, "costtui_self_hosted_share_usd_total", costtui_kind="flat") == 0.000005
    assert not [name for name, _ in found if name.startswith("costtui_api_cost")]


def test_the_first_byte_has_a_histogram_of_attempts_since_the_start(tmp_path: Path) -> None:
    settle(tmp_path, [(API, {"ttft_ms": 1})])
    with contextlib.closing(facts_of(tmp_path, NOON_MS + 1)) as facts:
        scraped(facts)
        settle(tmp_path, [(API, {"ttft_ms": ms}) for ms in (50, 51, 2_000, 40_000, None)])
        found = scraped(facts)
        assert scraped(facts) == found
    name = "gen_ai_server_time_to_first_token_seconds"
    assert [figure(found, f"{name}_bucket", le=le) for le in ("0.05", "0.1", "2.0", "30.0", "+Inf")] == [1, 2, 3, 3, 4]
    assert (figure(found, f"{name}_count"), figure(found, f"{name}_sum")) == (4, 42.101)


def test_no_counter_ever_falls_while_the_ledger_grows(tmp_path: Path) -> None:
    dice, before = Random(5), dict[Sample, float]()
    lanes = [
        Lane(f"r{n % 7}", f"t{n}", f"p{n % 5}", n % 3 == 0, f"m{n % 11}", "chat", f"k{n % 90}", "", "")
        for n in range(150)
    ]
    with (
        contextlib.closing(LedgerWriter.open(tmp_path, now_ms=NOON_MS, clock_ms=lambda: NOON_MS)) as writer,
        contextlib.closing(facts_of(tmp_path, NOON_MS + 1)) as facts,
    ):
        for _ in range(12):
            for _ in range(40):
                row = any_attempt(writer.new_attempt_id(), 0, NOON_MS - dice.randrange(80_000_000), dice)
                writer.settle(row._replace(lane=writer.lane(dice.choice(lanes))))
            assert writer.committed(30)
            found = scraped(facts)
            falls = {key: (old, found.get(key)) for key, old in before.items() if found.get(key, -1.0) < old}
            assert not {key: pair for key, pair in falls.items() if key[0].endswith(("_total", "_bucket", "_count"))}
            before = found
    total = sum(value for (name, _), value in before.items() if name == "costtui_attempts_total")
    assert total == 480


def test_an_attempt_that_comes_two_days_late_is_counted_within_the_hour(tmp_path: Path) -> None:
    now_ms, hour_ms = NOON_MS, 3_600_000
    settle(tmp_path, [(API, {})])
    with contextlib.closing(Facts(tmp_path, lambda: now_ms)) as facts:
        assert figure(scraped(facts), "costtui_attempts_total") == 1
        settle(tmp_path, [(API, {"started_ms": NOON_MS - 48 * hour_ms})])
        assert figure(scraped(facts), "costtui_attempts_total") == 1
        now_ms += hour_ms
        settle(tmp_path, [(API, {})])
        assert figure(scraped(facts), "costtui_attempts_total") == 3


def spend_row(number: int) -> SpendRow:
    """One attempt of a provider, model, route, target and key that nobody else has."""
    labels = tuple(f"{word}-{number}" for word in ("provider", "model", "chat", "route", "target", "key"))
    tokens, nano = (812, 240, 100, 0, 0), (812_000, 1_000, 0, 240_000, 0)
    return SpendRow(labels, number % 2 == 0, 1, 1, 0, 0, 0, *tokens, *nano, sum(nano), 0, 0, frozenset({"metered"}))


def test_a_hundred_thousand_names_make_a_fixed_number_of_series() -> None:
    families, rows = SpendFamilies(), [spend_row(number) for number in range(100_000)]
    for _ in range(2):
        found = [*families.lanes(rows), *families.keys(rows)]
        attempts = next(family for family in found if family.name == "costtui_attempts")
        assert len(attempts.samples) == LANES_MOST + 1
        assert sum(sample.value for sample in attempts.samples) == 100_000
        # a lane's 9 counters of tokens and requests, its 5 of money (`other` has both kinds), a key's 2
        assert sum(len(family.samples) for family in found) == (LANES_MOST + 1) * 14 + 5 + (KEYS_MOST + 1) * 2


def test_a_crowded_host_stays_within_a_thousand_series(tmp_path: Path) -> None:
    crowd(tmp_path)
    lanes = [Lane(f"r{n}", f"t{n}", "p", n % 2 == 0, f"m{n}", "chat", f"k{n}", "", "") for n in range(300)]
    with contextlib.closing(facts_of(tmp_path, NOON_MS + 1)) as facts:
        settle(tmp_path, [(lane, {}) for lane in lanes])
        found = scraped(facts)
    assert 900 < len(found) <= SERIES_MOST
    assert figure(found, "costtui_attempts_total", costtui_target="other") == 300 - LANES_MOST


def test_a_name_that_went_to_other_stays_there() -> None:
    names = Names(2)
    assert [names.label((word,)) for word in "abcab"] == [("a",), ("b",), ("other",), ("a",), ("b",)]


def publish(state_dir: Path, picture: Status, second: Second | None = None) -> None:
    """As the agent does; it is gone afterwards."""
    writer = TelemetryWriter.open(state_dir, now_ms=NOON_MS)
    if second is not None:
        writer.record(second).result(30)
    writer.publish(to_json(picture), NOON_MS).result(30)
    writer.close()


def crowd(state_dir: Path) -> None:
    """A host with more GPUs, engines and budgets than anybody has."""
    one = carried()
    many = replace(
        one,
        gpus=tuple(replace(one.gpus[0], uuid=f"GPU-{n}", index=n) for n in range(100)),
        engines=tuple(replace(one.engines[0], name=f"engine-{n}") for n in range(100)),
        budgets=tuple(replace(one.budgets[0], name=f"budget-{n}") for n in range(100)),
    )
    known = tuple(KnownGpu(f"GPU-{n}", n, "H100", 0, NOON_MS, GpuState.BUSY, 0) for n in range(100))
    busy = tuple(GpuTick(f"GPU-{n}", NOON_MS, 1_000, GpuState.BUSY, 7, 1, 500_000, 40, 500) for n in range(100))
    engines = tuple(EngineTick(f"engine-{n}", NOON_MS, 1_000, 1_000, 10, 5, 0) for n in range(100))
    publish(state_dir, many, Second(NOON_MS, busy, engines, known))


def test_the_picture_of_the_agent_is_there_in_figures_and_what_is_unknown_is_not(tmp_path: Path) -> None:
    picture = carried()
    engine = EngineTick("llama", NOON_MS, 20_000, 15_000, 8_000, 4_000, 2_000)
    tick = GpuTick("GPU-1", NOON_MS, 20_000, GpuState.BUSY, 7, 1, 500_000, 40, 10_000_000)
    known = KnownGpu("GPU-1", 1, "H100", 0, NOON_MS, GpuState.BUSY, 0)
    publish(tmp_path, picture, Second(NOON_MS, (tick,), (engine,), (known,)))
    with contextlib.closing(facts_of(tmp_path, NOON_MS + 1_000)) as facts:
        found = scraped(facts)
    for part in ("gpu", "power", "api", "idle", "lost", "total"):
        usd = getattr(picture.burn, f"{part}_usd_per_hour")
        assert figure(found, "costtui_burn_usd_per_hour", part=part) == (None if usd is None else float(usd))
    for gpu in picture.gpus:
        watts = figure(found, "costtui_gpu_power_watts", gpu=str(gpu.index))
        assert watts == gpu.power_watts, gpu.index
    assert None in [gpu.power_watts for gpu in picture.gpus]
    assert figure(found, "costtui_gpu_state_seconds_total", gpu="1", state="busy") == 20
    assert figure(found, "costtui_gpu_energy_joules_total", gpu="1") == 10_000
    assert figure(found, "costtui_engine_tokens_total", engine="llama", gen_ai_token_type="output") == 4_000
    assert figure(found, "costtui_engine_worked_seconds_total", engine="llama") == 15


def test_a_store_that_is_not_there_is_an_agent_that_is_not_up(tmp_path: Path) -> None:
    with contextlib.closing(facts_of(tmp_path / "none", NOON_MS)) as facts:
        found = scraped(facts)
    assert figure(found, "costtui_agent_up") == 0
    assert not [name for name, _ in found if "usd" in name]
