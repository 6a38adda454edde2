"""From configuration, changes by hand and prices to what steering needs."""

from dataclasses import replace
from decimal import Decimal

import pytest

from costtui.config.model import Config, Route, Target, WhileOn
from costtui.domain.ability import ABLE, Abilities
from costtui.domain.control import Kind, Revision
from costtui.domain.price import TokenPrice
from costtui.domain.rule import Rule
from costtui.policy.facts import Known, Rates, Serving
from costtui.policy.plan import plans
from costtui.policy.steer import Way
from costtui.policy.ways import known, power_rates, scale_down_ms, ways

VISION = Abilities(vision=False)
RULE = Rule(frozenset({"llama"}), data_class="confidential")
CONFIG = Config(
    targets=(
        Target("llama", engine="vllm", capacity_output_tokens_per_second=2_500.0, streams=128, abilities=VISION),
        Target("fast", engine="vllm", prefill_tokens_per_second=20_000.0),
        Target("hf", provider="huggingface", endpoint="acme/llama", while_on=WhileOn(Decimal("4.5"), 240, 900)),
        Target("gpt5", provider="openai", model="gpt-5"),
        Target("mystery", provider="gmi", model="m"),
    ),
    routes=(
        Route("chat", "idle-first", ("llama", "hf", "gpt5"), ttft_seconds=1.5, tpot_ms=60.0, rules=(RULE,)),
        Route("code", "cheapest", ("gpt5", "mystery")),
        Route("legal", "cheapest", ("llama", "fast"), boundary=("llama",)),
        Route("split", "weighted", ("llama", "gpt5"), weights=(("llama", 1),)),
        Route("fixed", "pinned", ("llama",)),
    ),
)
PRICES = {
    "gpt5": TokenPrice(
        "openai", "gpt-5", Decimal("1.25"), Decimal(10), Decimal("0.125"), usd_per_request=Decimal("0.01")
    )
}


def revision(kind: Kind, route: str, weights: dict[str, int]) -> Revision:
    return Revision(1, route, 1, "ana", "", kind, tuple(weights.items()), 1_000, None)


def ways_after(*revisions: Revision, now_ms: int = 10) -> dict[str, Way]:
    return ways(CONFIG, plans(CONFIG, revisions, now_ms).plans)


def test_only_routes_that_steer_have_a_way_with_their_objectives_rules_and_abilities() -> None:
    found = ways_after()
    assert list(found) == ["chat", "code", "legal"]
    assert found["chat"] == Way(
        route="chat",
        strategy="idle-first",
        targets=("llama", "hf", "gpt5"),
        ttft_ms=1_500.0,
        tpot_ms=60.0,
        rules=(RULE,),
        abilities=(("llama", VISION),),
    )
    assert (found["code"].ttft_ms, found["code"].tpot_ms) == (2_000.0, 100.0)
    assert found["legal"].targets == ("llama",), "nothing outside the boundary is there"


def test_a_route_that_was_shifted_or_pinned_by_hand_is_not_steered_until_that_ends() -> None:
    for kind in (Kind.SHIFT, Kind.PIN):
        change = revision(kind, "chat", {"gpt5": 100})
        assert "chat" not in ways_after(change)
        assert "chat" in ways_after(change, now_ms=1_000)


def test_a_drained_target_takes_no_part() -> None:
    drained = replace(revision(Kind.DRAIN, "", {"llama": 0}), until_ms=None)
    assert ways_after(drained)["chat"].targets == ("hf", "gpt5")


def test_apis_cost_their_price_own_engines_their_extra_power_and_endpoints_their_start() -> None:
    power = {"fast": Rates(4_000, 4_000, 16_000)}
    found = {each.target: each for each in known(CONFIG, PRICES.get, power)}
    assert found["gpt5"] == Known(
        "gpt5", None, Rates(1_250_000_000, 125_000_000, 10_000_000_000, request_nano=10_000_000)
    )
    assert found["mystery"] == Known("mystery", None, None), "no price is unknown, not free"
    assert found["llama"] == Known("llama", Serving(10_000.0, 2_500.0, 128), Rates())
    assert found["fast"] == Known("fast", Serving(20_000.0, 1_000.0, 256), power["fast"])
    assert found["hf"] == Known("hf", Serving(), Rates(wake_nano=1_425_000_000), asleep=True)  # $4.50/h x 1,140 s
    assert scale_down_ms(CONFIG) == {"hf": 900_000}


def test_without_a_cached_price_cached_input_costs_what_input_does_and_what_is_declared_free_costs_nothing() -> None:
    plain = TokenPrice("novita", "llama", Decimal("0.135"), Decimal("0.40"))
    config = Config(targets=(Target("novita", provider="novita", model="llama"),))
    (found,) = known(config, {"novita": plain}.get)
    assert found.rates == Rates(135_000_000, 135_000_000, 400_000_000)
    (free,) = known(config, {"novita": replace(plain, free=True)}.get)
    assert free.rates == Rates()


def test_a_million_tokens_take_the_power_of_the_time_that_they_keep_the_engine() -> None:
    # 960 W beyond idle, PUE 1.4, $0.10/kWh: 1,344 W cost $0.1344 an hour, a second 37,333.3 nano-dollars;
    # a million prompt tokens take 100 s, a million written ones 400 s.
    rates = power_rates(Serving(10_000.0, 2_500.0), Decimal(960), Decimal("0.10"), Decimal("1.4"))
    assert rates == Rates(3_733_333, 3_733_333, 14_933_333)
    mixed = (3 * rates.input + rates.output) / 4
    assert mixed / 1e9 == pytest.approx(0.0065, abs=0.0001)


def test_abilities_of_which_nothing_is_known_are_left_out() -> None:
    assert all(able != ABLE for way in ways_after().values() for _, able in way.abilities)
