"""What the gateway carried, in the picture: written by hand into a real ledger, worked out by hand here."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from costtui.config.model import Config, Route, Target
from costtui.domain.amount import Provenance
from costtui.domain.attempt import Attempt, Lane, Outcome
from costtui.domain.budget import Budget
from costtui.domain.charge import NO_CHARGE, Charge
from costtui.domain.control import Kind, Revision
from costtui.domain.gpu import GpuState
from costtui.domain.money import NanoUsd
from costtui.domain.usage import NO_USAGE, Usage, UsageSource
from costtui.domain.window import Window
from costtui.report import live, schema
from costtui.report.compose import Composer
from costtui.report.lines import line, text
from costtui.report.schema import Status, from_json, to_json
from costtui.report.traffic import Traffic
from costtui.store.controls import CONTROLS, ControlsStore
from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.writer import LedgerWriter
from costtui.store.reader import TelemetryReader
from tests.report.scene import CONFIG, DAY, HOUR, MIDNIGHT, gpu, seen

NOON = MIDNIGHT + 12 * HOUR
MINUTE = 60_000
ROUTED = replace(
    CONFIG,
    targets=(*CONFIG.targets, Target("gpt5", provider="openai", model="gpt-5"), Target("nov", provider="novita")),
    routes=(Route("chat", "weighted", ("llama", "gpt5"), weights=(("llama", 50), ("gpt5", 50))),),
)


def lane(route: str = "chat", target: str = "gpt5", provider: str = "openai", *, hosted: bool = False) -> Lane:
    return Lane(route, target, provider, hosted, f"model-of-{target}", "chat", "k-1", "priced", "hash")


def settle(
    writer: LedgerWriter,
    where: Lane,
    at_ms: int,
    charge: Charge | None = NO_CHARGE,
    *,
    usage: Usage = NO_USAGE,
    outcome: Outcome = Outcome.OK,
    provenance: Provenance = Provenance.METERED,
    saved: int | None = None,
    ttft_ms: int = 100,
    reason: str = "weighted: gpt5 takes 50 of 100",
) -> None:
    """One attempt that ended at `at_ms`, a second after it began."""
    number = writer.new_attempt_id()
    source = UsageSource.REPORTED
    writer.settle(
        Attempt(
            number,
            number,
            writer.lane(where),
            at_ms - 1_000,
            1_000,
            ttft_ms,
            outcome,
            200,
            False,
            usage,
            source,
            False,
            charge,
            provenance,
            None if saved is None else NanoUsd(saved),
            "",
            reason,
        )
    )


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[LedgerWriter]:
    found = LedgerWriter.open(tmp_path, now_ms=NOON, clock_ms=lambda: NOON)
    yield found
    found.close()


def paid(usd: str) -> Charge:
    return Charge(flat_nano=NanoUsd(int(Decimal(usd) * 1_000_000_000)))


def picture(state_dir: Path, at_ms: int = NOON, config: Config = ROUTED) -> Status:
    reader, controls = TelemetryReader(state_dir), ControlsStore(state_dir / CONTROLS)
    with closing(reader), closing(controls), closing(LedgerReader(state_dir)) as ledger:
        composer = Composer(reader, Traffic(ledger, controls, state_dir))
        return composer.compose(seen(at_ms, [gpu(0, GpuState.BUSY)]), config, None)


def gateway_says(state_dir: Path, at_ms: int, **more: object) -> None:
    told = {"pid": 7, "at_ms": at_ms, "listen": "127.0.0.1:4100", "in_flight": 2, "revision": 3, "targets": {}}
    (state_dir / "gateway.json").write_text(json.dumps(told | more))


def api_of(status: Status) -> schema.Api:
    assert status.api is not None
    return status.api


def test_what_apis_cost_counts_and_what_self_hosted_targets_cost_does_not(writer: LedgerWriter, tmp_path: Path) -> None:
    settle(writer, lane(), MIDNIGHT - DAY, paid("5"))
    settle(writer, lane(), NOON - 2 * HOUR, paid("1.5"))
    settle(writer, lane(), NOON - MINUTE, paid("0.25"))
    settle(writer, lane(target="nov", provider="novita"), NOON - MINUTE, paid("0.05"))
    hosted = lane(target="llama", provider="vllm", hosted=True)
    settle(writer, hosted, NOON - MINUTE, paid("9"), provenance=Provenance.ACCRUED)
    assert writer.committed(10)
    status = picture(tmp_path)
    api = api_of(status)
    # the last five minutes hold 0.30, twelve times that is an hour
    assert (api.usd_per_hour, api.today_usd, api.month_usd) == (Decimal("3.6"), Decimal("1.8"), Decimal("6.8"))
    assert api.last_hour_usd == Decimal("0.3")
    assert [(each.provider, each.today_usd, each.usd_per_hour) for each in api.providers] == [
        ("openai", Decimal("1.75"), Decimal("3")),
        ("novita", Decimal("0.05"), Decimal("0.6")),
    ]
    # 2.49 of rent and 3.60 of API
    assert status.burn.total_usd_per_hour == Decimal("6.09")
    assert status.today.api_usd == Decimal("1.8")
    assert status.today.total_usd == Decimal("31.68")  # with 12 x 2.49
    # twelve hours more of 2.49 of rent and 0.30 of API, as in the last hour
    assert status.today.projected_usd == Decimal("65.16")
    assert status.unknown == ()


def test_what_has_no_price_is_counted_named_and_never_0(writer: LedgerWriter, tmp_path: Path) -> None:
    settle(writer, lane(provider="gmi"), NOON - MINUTE, None, provenance=Provenance.UNKNOWN)
    assert writer.committed(10)
    only = picture(tmp_path)
    assert (api_of(only).today_usd, api_of(only).unpriced_today, only.unknown) == (None, 1, ("api:gmi",))
    assert only.burn.api_usd_per_hour is None
    settle(writer, lane(), NOON - MINUTE, paid("1"))
    assert writer.committed(10)
    both = picture(tmp_path)
    assert (api_of(both).today_usd, both.today.unknown) == (Decimal(1), ("api:gmi",))
    shown = text(live.load(to_json(both)))
    assert "+ API ≥12.00" in shown[0]
    assert any("1 without a price, in no sum" in each for each in shown)


def test_only_where_nothing_meters_is_the_api_unknown(tmp_path: Path) -> None:
    assert picture(tmp_path).unknown == ("api",)
    assert "+ API ?" in text(live.load(to_json(picture(tmp_path))))[0]
    gateway_says(tmp_path, NOON)
    running = picture(tmp_path)
    assert running.unknown == ()
    assert (running.burn.api_usd_per_hour, running.today.api_usd) == (Decimal(0), Decimal(0))


@pytest.mark.parametrize(("age_ms", "state"), [(0, "running"), (3_000, "running"), (3_001, "late")])
def test_the_gateway_is_late_three_seconds_after_its_last_word(tmp_path: Path, age_ms: int, state: str) -> None:
    gateway_says(tmp_path, NOON - age_ms, targets={"gpt5": {"open": False, "why": "429\x1b[2J", "in_flight": 1}})
    found = picture(tmp_path).gateway
    assert found is not None
    assert (found.state, found.listen, found.in_flight, found.revision) == (state, "127.0.0.1:4100", 2, 3)
    assert found.targets[0].open is False
    assert "\x1b" not in found.targets[0].why


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '{"at_ms": "x"}', '{"pid": 1, "at_ms": 1, "in_flight": 1, "targets": 3}']
)
def test_a_gateway_whose_word_cannot_be_read_is_none(tmp_path: Path, body: str) -> None:
    (tmp_path / "gateway.json").write_text(body)
    found = picture(tmp_path).gateway
    assert found is not None
    assert found.state == "none"


def test_a_route_says_what_it_carried_what_is_in_force_and_until_when(writer: LedgerWriter, tmp_path: Path) -> None:
    hosted = lane(target="llama", provider="vllm", hosted=True)
    for _ in range(3):
        settle(writer, hosted, NOON - MINUTE, NO_CHARGE, provenance=Provenance.ACCRUED, ttft_ms=400)
    tokens = Usage(input_tokens=900_000, output_tokens=100_000)
    settle(writer, lane(), NOON - MINUTE, paid("0.5"), usage=tokens, ttft_ms=200)
    settle(writer, lane(), NOON - MINUTE, NO_CHARGE, outcome=Outcome.REFUSED)
    settle(writer, lane(), NOON - HOUR, paid("8"))
    assert writer.committed(10)
    shares = (("llama", 90), ("gpt5", 10))
    with closing(ControlsStore.open(tmp_path)) as controls:
        controls.add_revision(
            Revision(0, "chat", NOON - MINUTE, "ana", "night batch", Kind.SHIFT, shares, NOON + 2 * HOUR)
        )
    route = picture(tmp_path).routes[0]
    assert (route.name, route.strategy, route.in_force, route.overridden_by) == ("chat", "weighted", "weighted", "ana")
    assert (route.overridden_until, route.override_reason) == ("2026-11-23T14:00:00.000Z", "night batch")
    assert [(each.target, each.planned_ratio, each.measured_ratio, each.failed) for each in route.shares] == [
        ("llama", 0.9, 0.75, 0),
        ("gpt5", 0.1, 0.25, 1),
    ]
    assert (route.requests, route.api_usd_per_million_tokens, route.api_usd_per_hour) == (5, Decimal("0.5"), Decimal(6))
    assert (route.ttft_p50_seconds, route.ttft_p95_seconds) == (0.4, 0.4)


def test_decisions_are_the_newest_attempts_with_their_reasons(writer: LedgerWriter, tmp_path: Path) -> None:
    for number in range(25):
        settle(writer, lane(), NOON - (25 - number) * 1_000, paid("0.001"), reason=f"reason {number}")
    assert writer.committed(10)
    status = picture(tmp_path)
    assert [each.reason for each in status.decisions] == [f"reason {number}" for number in range(24, 4, -1)]
    assert (status.decisions[0].usd, status.decisions[0].ttft_seconds) == (Decimal("0.001"), 0.1)
    assert from_json(to_json(status)) == status


def test_caches_say_what_they_saved(writer: LedgerWriter, tmp_path: Path) -> None:
    settle(writer, lane(), NOON - MINUTE, NO_CHARGE, outcome=Outcome.CACHED, saved=40_000_000)
    usage = Usage(input_tokens=1_000, output_tokens=10, cached_input_tokens=600, cache_write_tokens=100)
    # 300 fresh at 1 $/Mtok 0.0003; 600 read at 0.1: 0.00006; 100 written at 1.25: 0.000125; all at 1 would be 0.001
    charge = Charge(NanoUsd(300_000), NanoUsd(60_000), NanoUsd(125_000), NanoUsd(0), NanoUsd(0))
    settle(writer, lane(), NOON - MINUTE, charge, usage=usage)
    assert writer.committed(10)
    found = picture(tmp_path).cache
    assert found is not None
    assert (found.hits, found.requests, found.hit_ratio, found.saved_usd) == (1, 2, 0.5, Decimal("0.04"))
    assert found.provider_cached_ratio == 0.6
    assert found.provider_saved_usd == Decimal("0.000515")  # 0.001 - 0.000485


def test_a_budget_over_apis_counts_them(writer: LedgerWriter, tmp_path: Path) -> None:
    settle(writer, lane(), NOON - 30 * MINUTE, paid("6"))
    assert writer.committed(10)
    budgets = (
        Budget("apis", ("api",), Window("day"), NanoUsd(12_000_000_000)),
        Budget("week", ("api",), Window("week"), NanoUsd(12_000_000_000)),
    )
    found = picture(tmp_path, config=replace(ROUTED, budgets=budgets)).budgets
    assert [(each.used_usd, each.state) for each in found] == [(Decimal(6), "warn"), (Decimal(6), "warn")]
    assert found[0].runs_out_at == "2026-11-23T13:00:00.000Z"  # 6 left at 6 $/h


def test_the_picture_moves_with_the_ledger_from_second_to_second(writer: LedgerWriter, tmp_path: Path) -> None:
    reader, controls = TelemetryReader(tmp_path), ControlsStore(tmp_path / CONTROLS)
    with closing(reader), closing(controls), closing(LedgerReader(tmp_path)) as ledger:
        composer = Composer(reader, Traffic(ledger, controls, tmp_path))
        for second in range(1, 200, 7):
            at_ms = NOON + second * 1_000
            settle(writer, lane(), at_ms - 500, paid("0.01"))
            assert writer.committed(10)
            status = composer.compose(seen(at_ms, []), ROUTED, None)
            assert api_of(status).today_usd == Decimal("0.01") * (second // 7 + 1)


def test_the_short_line_names_what_apis_cost(writer: LedgerWriter, tmp_path: Path) -> None:
    settle(writer, lane(), NOON - MINUTE, paid("0.3"), provenance=Provenance.ESTIMATED)
    assert writer.committed(10)
    assert line(live.load(to_json(picture(tmp_path)))).startswith("6.09$/h idle 0.00 API ~3.60")


def test_the_text_says_where_each_route_sends_its_requests(writer: LedgerWriter, tmp_path: Path) -> None:
    settle(writer, lane(), NOON - MINUTE, paid("0.3"))
    assert writer.committed(10)
    gateway_says(tmp_path, NOON)
    shown = text(live.load(to_json(picture(tmp_path))))
    api = next(each for each in shown if each.startswith("API"))
    assert api.startswith("API  3.60 $/h, today 0.30 $, month 0.30 $ · openai 0.30")
    assert api.endswith("gateway 127.0.0.1:4100, 2 in flight")
    assert "route chat  weighted  llama 0% · gpt5 100%" in shown


def test_an_older_agents_picture_prints_without_the_gateways_lines(tmp_path: Path) -> None:
    old = live.load(to_json(picture(tmp_path)))
    for name in ("api", "gateway", "cache", "decisions"):
        del old[name]
    assert not [each for each in text(old) if each.startswith(("API", "route "))]
    assert line(old).startswith("2.49$/h")
