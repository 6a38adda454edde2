"""Amounts and times as people read them."""

from datetime import UTC
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.report.words import clock, count, duration, fine, money, percent, provider_words, short_money, size


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        (None, "?"),
        (Decimal(0), "0.00"),
        (Decimal("0.0000001"), "<0.01"),
        (Decimal("0.01"), "0.01"),
        (Decimal("27.03"), "27.03"),
        (Decimal("119.525"), "119.52"),
        (Decimal("-0.001"), ">-0.01"),
        (Decimal("-5"), "-5.00"),
    ],
)
def test_money_has_two_decimals_and_no_false_zero(usd: Decimal | None, shown: str) -> None:
    assert money(usd) == shown


def test_money_says_that_parts_are_missing_or_inferred() -> None:
    assert money(Decimal("2.5"), more=True) == "≥2.50"
    assert money(Decimal("2.5"), more=True, ascii_only=True) == ">=2.50"
    assert money(Decimal("2.5"), estimated=True) == "~2.50"
    assert money(Decimal("0.004"), more=True) == "≥0.0040"
    assert money(None, more=True) == "?"


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        (None, "?"),
        (Decimal("1.946580"), "1.95"),
        (Decimal("0.2"), "0.20"),
        (Decimal("0.065"), "0.065"),
        (Decimal("0.000123"), "0.00012"),
        (Decimal(0), "0.00"),
    ],
)
def test_a_small_price_keeps_two_significant_digits(usd: Decimal | None, shown: str) -> None:
    assert fine(usd) == shown


@given(st.decimals(min_value=Decimal("1e-9"), max_value=Decimal("1e9"), places=9))
def test_what_is_not_0_never_looks_like_0(usd: Decimal) -> None:
    for shown in (money(usd), fine(usd), short_money(usd), money(usd, more=True)):
        assert any(digit in "123456789" for digit in shown)
        assert "E" not in shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "?"), (0, "0s"), (59, "59s"), (60, "1m"), (7_500, "2h05"), (273_600, "3d04h")],
)
def test_a_duration_has_two_units_at_most(seconds: int | None, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(None, "?"), (0, "0"), (0.4, "0.4"), (950, "950"), (1_250, "1.2k"), (34_000_000, "34M"), (2.5e12, "2500G")],
)
def test_a_count_is_short(number: float | None, shown: str) -> None:
    assert count(number) == shown


@pytest.mark.parametrize(("ratio", "shown"), [(None, "?"), (0, "0%"), (0.004, "<1%"), (0.12, "12%"), (1.07, "107%")])
def test_a_share_that_is_not_nothing_is_not_0(ratio: float | None, shown: str) -> None:
    assert percent(ratio) == shown


@pytest.mark.parametrize(("amount", "shown"), [(None, "?"), (322, "322"), (27.03, "27.0"), (9.96, "9.96")])
def test_short_money_drops_what_no_longer_matters(amount: float | None, shown: str) -> None:
    assert short_money(amount) == shown


def test_sizes_are_in_binary_units() -> None:
    assert [size(None), size(3 * 2**20), size(44 * 2**30)] == ["?", "3M", "44G"]


def test_a_time_is_local_and_names_another_day() -> None:
    berlin, now = ZoneInfo("Europe/Berlin"), "2026-11-23T11:00:00.000Z"
    assert clock("2026-11-23T21:17:00.000Z", berlin, now) == "22:17"
    assert clock("2026-11-24T08:14:00.000Z", berlin, now) == "Tue 09:14"
    assert clock("2026-10-01T08:00:00.000Z", UTC, now) == "2026-10-01 08:00"
    assert clock(None) == "?"


def test_a_provider_that_hugging_face_routes_to_is_named_first() -> None:
    assert provider_words("huggingface_novita") == "novita via hf"
    assert provider_words("huggingface_fireworks-ai") == "fireworks-ai via hf"
    assert provider_words("openrouter") == "openrouter"
