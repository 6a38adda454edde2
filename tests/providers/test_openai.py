"""OpenAI's lines, one by one."""

from decimal import Decimal

from costtui.domain.bill import BilledLine, Dimensions, Limit, UsedLine
from costtui.domain.money import NanoUsd
from costtui.providers.walk import Told
from tests.providers.harness import answer_of, tell

_DAY = 1_795_305_600_000


def _lines(told: Told) -> list[BilledLine]:
    return [row for row in told.rows if isinstance(row, BilledLine)]


def test_a_line_item_tells_the_model_and_the_kind_of_its_tokens() -> None:
    first = _lines(tell("openai", "costs"))[0]
    assert first == BilledLine(
        _DAY,
        _DAY + 86_400_000,
        first.nano,
        Dimensions("gpt-5", "input", "proj_chat", "key_a", item="gpt-5, input_tokens"),
        Decimal("8120344.0"),
        "tokens",
    )
    assert first.nano == 12_843_725_000


def test_a_line_item_that_is_no_model_keeps_its_own_name() -> None:
    page = answer_of("openai", "costs_2")
    page["data"][0]["results"] = page["data"][0]["results"][:1]
    for item in ("web search", "gpt-5, some_new_tokens", "ft, gpt-5, output_tokens"):
        page["data"][0]["results"][0]["line_item"] = item
        last = _lines(tell("openai", "costs", costs_2=page))[-1].dims
        model, kind = {"web search": ("", ""), "gpt-5, some_new_tokens": ("gpt-5", "")}.get(
            item, ("ft, gpt-5", "output")
        )
        assert (last.item, last.model, last.token_kind) == (item, model, kind)


def test_a_line_without_its_amount_is_unknown_and_not_free() -> None:
    page = answer_of("openai", "costs_2")
    page["data"][0]["results"][0]["amount"] = None
    told = tell("openai", "costs", costs_2=page)
    assert [line.nano for line in _lines(told)][2] is None
    assert told.missing[0] == "data[].results[].amount.value is missing"


def test_an_amount_in_another_currency_is_unknown_and_named() -> None:
    page = answer_of("openai", "costs_2")
    page["data"][0]["results"][0]["amount"]["currency"] = "eur"
    told = tell("openai", "costs", costs_2=page)
    assert _lines(told)[2].nano is None
    assert told.missing == ("data[].results[].amount.currency is not USD",)


def test_a_batch_is_a_tier_and_the_default_tier_is_none() -> None:
    rows = tell("openai", "usage").rows
    assert [row.dims.tier for row in rows if isinstance(row, UsedLine)] == ["", "batch"]


def test_a_new_field_and_a_new_service_tier_change_nothing_else() -> None:
    page = answer_of("openai", "usage")
    page["data"][0]["results"][0] |= {"service_tier": "turbo", "input_video_tokens": 9}
    told = tell("openai", "usage", usage=page)
    assert told.missing == ()
    first = told.rows[0]
    assert isinstance(first, UsedLine)
    assert (first.dims.tier, first.usage and first.usage.input_tokens) == ("turbo", 812_344)


def test_a_line_without_its_tokens_is_unknown_and_not_unused() -> None:
    page = answer_of("openai", "embeddings")
    del page["data"][0]["results"][0]["input_tokens"]
    told = tell("openai", "embeddings", embeddings=page)
    assert isinstance(told.rows[0], UsedLine)
    assert told.rows[0].usage is None
    assert told.missing == ("data[].results[].input_tokens is missing",)


def test_the_limit_is_in_cents_and_not_in_force_before_it_is_reached() -> None:
    limit = answer_of("openai", "limit")
    assert tell("openai", "limit").rows == (Limit(NanoUsd(500_000_000_000), "month", False, name="organisation"),)
    limit["enforcement"]["status"] = "enforcing"
    assert tell("openai", "limit", limit=limit).rows == (
        Limit(NanoUsd(500_000_000_000), "month", True, name="organisation"),
    )
