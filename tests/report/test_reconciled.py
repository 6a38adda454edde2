"""The ledger's and a provider's rows brought to one shape."""

from dataclasses import replace
from decimal import Decimal

import pytest

from costtui.domain.bill import BilledLine, Dimensions, UsedLine
from costtui.domain.money import NanoUsd
from costtui.domain.usage import Usage
from costtui.report.reconciled import Closed, closed_days, compared, metered_rows, model_name
from costtui.store.ledger.rows import SpendRow

DAY_MS = 86_400_000
DAY = 20_000 * DAY_MS
USD = 1_000_000_000
DAYS = Closed(DAY, DAY + 30 * DAY_MS)
NOTHING = SpendRow((), False, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, frozenset())


def counted(provenance: str = "metered", day: int = 0, provider: str = "openai", **sums: int) -> SpendRow:
    labels = (provider, "gpt-5-2025-08-07", provenance, str(DAY + day * DAY_MS))
    return NOTHING._replace(labels=labels, **sums)  # type: ignore[arg-type]  # integers all


def line(kind: str, usd: str | None, quantity: int | None = None, day: int = 0, days: int = 1) -> BilledLine:
    nano = None if usd is None else NanoUsd(int(Decimal(usd) * USD))
    begin = DAY + day * DAY_MS
    dims = Dimensions("gpt-5", kind, key="key_a")
    unit = "" if quantity is None else "tokens"
    return BilledLine(begin, begin + days * DAY_MS, nano, dims, None if quantity is None else Decimal(quantity), unit)


ROW = counted(
    input_tokens=1_000_000,
    cached_input_tokens=200_000,
    output_tokens=50_000,
    input_nano=USD,
    cached_input_nano=25_000_000,
    output_nano=USD // 2,
)


def test_input_that_was_cached_is_a_kind_of_its_own() -> None:
    assert [(row.place.kind, row.nano, row.tokens) for row in metered_rows("openai", [ROW])] == [
        ("input", USD, 800_000),
        ("cached_input", 25_000_000, 200_000),
        ("output", USD // 2, 50_000),
    ]
    assert list(metered_rows("anthropic", [ROW])) == []
    assert list(metered_rows("openai", [ROW._replace(self_hosted=True)])) == []


def test_tokens_without_a_price_and_guessed_amounts_are_told_apart() -> None:
    (unpriced,) = metered_rows("openai", [counted("unknown", output_tokens=7)])
    assert (unpriced.tokens, unpriced.unpriced_tokens, unpriced.estimated_nano) == (7, 7, 0)
    (guessed,) = metered_rows("openai", [counted("estimated", output_tokens=7, output_nano=70)])
    assert (guessed.unpriced_tokens, guessed.estimated_nano) == (0, 70)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("GPT-5-2025-08-07", "gpt-5"),
        ("claude-opus-4-5-20251101", "claude-opus-4-5"),
        ("org/Llama-3.3", "org/llama-3.3"),
    ],
)
def test_a_version_s_date_does_not_make_another_model(said: str, name: str) -> None:
    assert model_name(said) == name


def test_a_bill_that_agrees_leaves_nothing() -> None:
    lines = [line("input", "1", 800_000), line("cached_input", "0.025", 200_000), line("output", "0.5", 50_000)]
    found = compared("openai", [ROW], lines, [], DAYS)
    assert (found.parts, found.metered_nano, found.billed_nano) == ((), 1_525_000_000, 1_525_000_000)


def test_the_usage_series_counts_where_the_bill_does_not() -> None:
    """Twice the tokens at the same price: somebody else's traffic, which an amount alone does not prove."""
    lines = [line("output", "1")]
    alone = compared("openai", [counted(output_tokens=50_000, output_nano=USD // 2)], lines, [], DAYS)
    assert [part.cause for part in alone.parts] == ["unexplained"]
    used = [UsedLine(DAY + minute * 60_000, DAY + (minute + 1) * 60_000, Usage(0, 50_000), 1) for minute in (0, 7)]
    told = [replace(each, dims=Dimensions("gpt-5")) for each in used]
    found = compared("openai", [counted(output_tokens=50_000, output_nano=USD // 2)], lines, told, DAYS)
    assert [(part.cause, part.nano) for part in found.parts] == [("outside", USD // 2)]


def test_a_bill_for_several_days_is_held_against_all_of_them() -> None:
    rows = [counted(day=day, output_tokens=10, output_nano=USD) for day in range(3)]
    found = compared("openai", rows, [line("output", "3", 30, day=0, days=3)], [], DAYS)
    assert (found.parts, found.metered_nano) == ((), 3 * USD)


def test_open_days_are_left_out_on_both_sides() -> None:
    """Now is noon of the fourth day; the bill is due a day after each day's end."""
    now_ms = DAY + 3 * DAY_MS + DAY_MS // 2
    days = closed_days(DAY - 1, now_ms, 86_400)
    assert days == Closed(DAY, DAY + 2 * DAY_MS)
    rows = [counted(day=day, output_tokens=10, output_nano=USD) for day in range(4)]
    lines = [line("output", "1", 10, day=day) for day in range(3)]
    found = compared("openai", rows, lines, [], days)
    assert (found.metered_nano, found.billed_nano, found.parts) == (2 * USD, 2 * USD, ())
    assert closed_days(now_ms, now_ms, 86_400) == Closed(DAY + 4 * DAY_MS, DAY + 4 * DAY_MS)
