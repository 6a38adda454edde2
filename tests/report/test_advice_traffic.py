"""Traffic that could go elsewhere, or be asked for otherwise, worked by hand."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from costtui.analysis.advice import Advice
from costtui.analysis.idle_hours import IdleSum
from costtui.config.model import Config, PromptCache, Route, Target
from costtui.domain.bill import Balance, BurnItem
from costtui.domain.billed import KeptLevel
from costtui.domain.price import TokenPrice
from costtui.domain.tick import EngineTotals
from costtui.gateway.cache import AnswerCache
from costtui.gateway.picture import _cache
from costtui.report.advice import advice
from costtui.report.advice_figures import Figures, Owed
from costtui.report.idle import IdleReport
from costtui.report.let_go import LetGo, Missed, let_go
from costtui.store.ledger.rows import Answer, SpendRow
from tests.report.advice_scene import EMPTY, HOUR, SPAN, gpu, nano, offer, row, traffic

TARGETS = (
    Target("groq", provider="groq", model="llama"),
    Target("novita", provider="novita", model="llama"),
    Target("own", "vllm", model="llama", gpus=(0,)),
)
CONFIG = Config(targets=TARGETS, routes=(Route("chat", "pinned", ("groq", "novita", "own")),))
CHEAPER = traffic("llama", 100, offer("novita", 60, configured=True))


def seller(*spend: SpendRow, config: Config = CONFIG) -> Advice:
    (found,) = advice(Figures(EMPTY, {}, (CHEAPER,), SPAN, config, spend=spend))
    return found


def test_the_command_moves_the_route_that_pays_most_for_the_model() -> None:
    found = seller(row("chat", "groq", "llama", 9, 90), row("batch", "groq", "llama", 90, 10))
    assert found.command == "costtui route shift chat novita=100 --for 2h"
    assert (found.route, found.shares) == ("chat", (("novita", 100),))


def test_other_models_and_own_engines_of_the_route_keep_their_share() -> None:
    # 9 requests of the model at groq move; 3 at the own engine stay: 75 to 25
    found = seller(row("chat", "groq", "llama", 9, 90), row("chat", "own", "llama", 3, 0, hosted=True))
    assert found.command == "costtui route shift chat novita=75 own=25 --for 2h"


def test_without_the_seller_on_the_route_there_is_no_command() -> None:
    lone = replace(CONFIG, routes=(Route("chat", "pinned", ("groq",)),))
    assert seller(row("chat", "groq", "llama", 9, 90), config=lone).command == ""
    assert seller().command == ""


def shift(bought: dict[tuple[int, int], int], totals: EngineTotals | None = None) -> tuple[Advice, ...]:
    """An own engine that writes 100 tokens a second while it works, idle in two hours of the week."""
    hours = {(0, 9): IdleSum(HOUR, nano(2)), (0, 10): IdleSum(HOUR, nano(2))}
    idle = IdleReport(0, SPAN, (gpu(0, "llama", 2, 4, engine="own", hours=hours),), {}, IdleSum())
    told = {"own": totals or EngineTotals(SPAN, HOUR, 0, 360_000)}
    carried, spend = traffic("llama", 100, hosted=9), (row("chat", "groq", "llama", 9, 100),)
    owed = {0: Owed(nano(600), SPAN)}
    return advice(Figures(idle, owed, (carried,), SPAN, CONFIG, engines=told, spend=spend, bought={"llama": bought}))


def test_traffic_that_fits_into_idle_hours_of_own_gpus_goes_there() -> None:
    # 3,600 s idle x 100 tok/s x 4/5 = 288,000 tokens an hour; of 500,000 bought 288,000 + 100,000 fit: 77.6 %
    (found,) = shift({(0, 9): 388_000, (0, 10): 100_000, (0, 11): 12_000})
    assert (found.kind, found.month_nano) == ("shift-share", nano(77.6 * 730 / 240))
    assert found.action == "send 78% of it to own, which idles"
    assert "77.60 of 100.00 $ paid; its rent is owed anyway" in found.arithmetic
    assert "at the 100 tok/s it writes while it works" in found.arithmetic
    assert found.command == "costtui route shift chat own=78 groq=22 --for 2h"


def test_traffic_that_came_while_own_gpus_were_busy_does_not_fit() -> None:
    assert shift({(0, 11): 500_000}) == ()
    assert shift({(0, 9): 500_000}, EngineTotals(SPAN, 0, 0, 0)) == ()


PRICE = TokenPrice(
    "openai", "llama", Decimal(1), Decimal(4), factors=(("batch", Decimal("0.5")), ("flex", Decimal("0.6")))
)


def asked(answers: list[Answer], spend: SpendRow, route: Route, *, prices: bool = True) -> tuple[Advice, ...]:
    config = Config(targets=TARGETS, routes=(route,))
    told = {"groq": PRICE} if prices else {}
    return advice(Figures(EMPTY, {}, (), SPAN, config, prices=told, answers=answers, spend=(spend,)))


ANSWERS = [Answer("nightly", "groq", False, 10)] * 3 + [Answer("nightly", "groq", True, 10)]
NIGHTLY = Route("nightly", "pinned", ("groq",))


def test_what_nobody_watches_being_written_could_be_asked_for_at_batch_prices() -> None:
    # 100 $ of which 20 are fees: 80 $ of tokens x (1 - 0.5) x 3 of 4 answers = 30 $
    (found,) = asked(ANSWERS, row("nightly", "groq", "llama", 4, 100, flat=20), NIGHTLY)
    assert (found.kind, found.subject, found.month_nano) == ("batch", "nightly", nano(30 * 730 / 240))
    assert (found.action, found.confidence) == ("ask for service tier batch where nobody waits", "low")
    assert "75% of its newest 4 answers were not streamed" in found.arithmetic


@pytest.mark.parametrize("route", [replace(NIGHTLY, ttft_seconds=1.0), replace(NIGHTLY, tpot_ms=50.0)])
def test_a_route_with_an_objective_does_not_wait(route: Route) -> None:
    assert asked(ANSWERS, row("nightly", "groq", "llama", 4, 100), route) == ()


def test_a_stream_has_somebody_who_waits_and_a_price_without_tiers_saves_nothing() -> None:
    spend = row("nightly", "groq", "llama", 4, 100)
    assert asked([Answer("nightly", "groq", True, 10)] * 4, spend, NIGHTLY) == ()
    assert asked(ANSWERS, spend, NIGHTLY, prices=False) == ()


def test_the_longest_hundredth_of_answers_is_worth_a_cap_where_it_costs_much() -> None:
    # 198 answers of 100 tokens and two of 5,000: 2 x 4,900 of 29,800 tokens lie beyond, 9.80 of 29.80 $
    answers = [Answer("chat", "groq", True, length) for length in [100] * 198 + [5_000] * 2]
    (found,) = asked(answers, row("chat", "groq", "llama", 200, 40, output=29.8), replace(NIGHTLY, name="chat"))
    assert (found.kind, found.month_nano) == ("cap-output", nano(9.8 * 730 / 240))
    assert found.action == "send max_tokens 100 with its requests"
    even = [Answer("chat", "groq", True, 100)] * 200
    assert asked(even, row("chat", "groq", "llama", 200, 40, output=29.8), replace(NIGHTLY, name="chat")) == ()
    assert asked(answers[2:], row("chat", "groq", "llama", 198, 40, output=29.8), NIGHTLY) == ()


def endpoint(model: str, usd: str = "1.8") -> KeptLevel:
    return KeptLevel("huggingface", "endpoints", BurnItem("acme/ep", "running", 1, Decimal(usd), model), 0, SPAN)


def test_an_endpoint_that_is_up_and_gets_nothing_is_paused() -> None:
    levels = (endpoint("acme/Mistral"), endpoint("meta/Llama"), endpoint("acme/off", "0"), endpoint(""))
    credit = KeptLevel("huggingface", "credits", Balance(nano(5)), 0, SPAN)
    (found,) = advice(Figures(EMPTY, {}, (traffic("llama", 0),), SPAN, CONFIG, levels=(*levels, credit)))
    assert (found.kind, found.subject) == ("stop-endpoint", "huggingface/acme/ep")
    assert (found.month_nano, found.command) == (nano(1.8 * 730), "costtui endpoint pause huggingface/acme/ep")
    assert "the gateway carried no request of acme/Mistral" in found.arithmetic


def test_where_the_gateway_carries_nothing_it_can_say_nothing_of_endpoints() -> None:
    assert advice(Figures(EMPTY, {}, (), SPAN, CONFIG, levels=(endpoint("acme/Mistral"),))) == ()


CACHED = Config(routes=(Route("chat", "pinned", ("groq",), cache=PromptCache(600, 8 * 2**20)),))


def forgot(pushed: Missed, *expired: tuple[int, Missed]) -> tuple[Advice, ...]:
    """What a cache had let go of in ten days."""
    found = LetGo("chat", SPAN // 1_000, pushed, expired)
    return advice(Figures(EMPTY, {}, (), SPAN, CACHED, let_go=(found, found._replace(route="gone"))))


def test_a_cache_that_forgets_too_soon_is_given_the_time_that_would_have_caught_most() -> None:
    # 50 + 40 of 100 answers would have been there after four times ten minutes: 9 $ of ten days
    (found,) = forgot(Missed(1, 1), (1, Missed(50, nano(5))), (2, Missed(40, nano(4))), (6, Missed(10, nano(50))))
    assert (found.kind, found.subject, found.month_nano) == ("raise-cache", "chat", nano(9 * 730 / 240))
    assert found.action == "keep its cache's answers for 40m: ttl_seconds = 2400"
    assert "90 answers, which had cost 9.00 $, were asked for again after their 10m were over" in found.arithmetic
    assert found.confidence == "high"


def test_a_cache_without_room_is_given_more_where_that_saves_more() -> None:
    (found,) = forgot(Missed(30, nano(12)), (1, Missed(50, nano(5))))
    assert found.month_nano == nano(12 * 730 / 240)
    assert found.action == f"give its cache twice the room: max_bytes = {16 * 2**20}"
    assert forgot(Missed(0, 0)) == ()


def test_the_gateway_s_word_of_its_caches_is_read_while_it_is_of_that_moment(tmp_path: Path) -> None:
    cache = AnswerCache(PromptCache(600))
    cache.keep(b"a", [], [b"x"], False, nano(2), 0.0)
    assert cache.find(b"a", 700.0) is None
    told = {"at_ms": SPAN, "caches": {"chat": _cache(cache, 1_000.0), "old": {"hits": 1}}}
    (tmp_path / "gateway.json").write_text(json.dumps(told))
    assert let_go(tmp_path, SPAN + HOUR) == (LetGo("chat", 300, Missed(0, 0), ((1, Missed(1, nano(2))),)),)
    assert let_go(tmp_path, SPAN + 25 * HOUR) == let_go(tmp_path, SPAN - HOUR) == ()
    for broken in ("", "[]", '{"at_ms": 1}', '{"at_ms": 864000000, "caches": {"a": {"expired": 3}}}'):
        (tmp_path / "gateway.json").write_text(broken)
        assert let_go(tmp_path, SPAN) == ()
