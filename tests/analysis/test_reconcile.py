"""Metered against billed: each planted cause is found and sized, and where two meet none is invented."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.analysis.reconcile import (
    DAY_MS,
    Billed,
    Cause,
    Metered,
    Place,
    Reconciliation,
    reconcile,
)
from costtui.domain.money import NanoUsd, nano_from_usd

USD = 1_000_000_000
MILLION = 1_000_000
DAYS = range(20_000, 20_030)
"""A month of days since 1970."""
PRICES = {("gpt-5", "input"): 1_250, ("gpt-5", "output"): 10_000, ("opus", "input"): 5_000, ("opus", "output"): 25_000}
"""Nano-USD per token."""
TOKENS = {"input": 40 * MILLION, "output": 4 * MILLION}


def place(day: int, model: str, kind: str) -> Place:
    return Place(day * DAY_MS, model, kind)


def month() -> tuple[dict[Place, Metered], dict[Place, Billed]]:
    """Thirty days on which both sides agree to the nano-dollar."""
    metered, billed = {}, {}
    for day in DAYS:
        for (model, kind), nano_each in PRICES.items():
            at, tokens = place(day, model, kind), TOKENS[kind]
            metered[at] = Metered(at, NanoUsd(tokens * nano_each), tokens)
            billed[at] = Billed(at, NanoUsd(tokens * nano_each), Decimal(tokens), keys=("key_gateway",))
    return metered, billed


def told(metered: dict[Place, Metered], billed: dict[Place, Billed]) -> Reconciliation:
    return reconcile(tuple(metered.values()), tuple(billed.values()))


def causes(found: Reconciliation) -> dict[Cause, int | None]:
    return {part.cause: part.nano for part in found.parts}


def test_two_sides_that_agree_leave_nothing_to_explain() -> None:
    found = told(*month())
    assert found.parts == ()
    assert found.metered_nano == found.billed_nano == 30 * (50 + 40 + 200 + 100) * USD
    assert (found.ratio, found.covered_ratio) == (Decimal(1), Decimal(1))
    assert (found.disputed_factor, found.alarming) == (None, False)


def test_every_planted_cause_of_a_month_is_found_and_sized_to_the_cent() -> None:
    metered, billed = month()
    # An unmetered key bought a tenth more input of gpt-5 on ten days: 10 x 4,000,000 x 1.25 $/M = 50 $.
    for day in DAYS[:10]:
        at = place(day, "gpt-5", "input")
        billed[at] = Billed(at, NanoUsd(55 * USD), Decimal(44 * MILLION), keys=("key_gateway", "key_notebook"))
    # Opus is metered at 25 $/M of output and billed at 20: 30 x 4 M x -5 $/M = -600 $.
    for day in DAYS:
        at = place(day, "opus", "output")
        billed[at] = Billed(at, NanoUsd(80 * USD), Decimal(4 * MILLION))
    # 3 % of gpt-5's output on the last ten days were retries of broken answers, guessed here and billed by nobody.
    for day in DAYS[20:]:
        at = place(day, "gpt-5", "output")
        tokens = 4 * MILLION * 103 // 100
        metered[at] = Metered(at, NanoUsd(tokens * 10_000), tokens, estimated_nano=NanoUsd(120_000 * 10_000))
    # The 29th is late: the provider has published nothing. Metered that day: 50 + 40 + 1.2 + 200 + 100 $.
    billed = {at: line for at, line in billed.items() if at.day_ms != DAYS[28] * DAY_MS}
    found = told(metered, billed)
    assert causes(found) == {
        "outside": 50 * USD,
        "price": -580 * USD,  # 29 days
        "retries": -9 * 1_200_000_000,  # 9 days of 120,000 x 10 $/M
        "lag": -391_200_000_000,
    }
    assert sum(part.nano or 0 for part in found.parts) == found.billed_nano - found.metered_nano
    assert found.parts[0].evidence == "25 $/Mtok metered, 20 billed"
    assert "key_notebook" in next(part.evidence for part in found.parts if part.cause == "outside")


def test_two_causes_in_one_cell_are_unexplained_and_never_invented() -> None:
    metered, billed = month()
    at = place(DAYS[3], "gpt-5", "input")
    billed[at] = Billed(at, NanoUsd(66 * USD), Decimal(44 * MILLION))  # a tenth more tokens, each a fifth dearer
    assert causes(told(metered, billed)) == {"unexplained": 16 * USD}


# $ metered, tokens, of these unpriced, $ of these estimated | $ billed, tokens, tier | the cause
CELLS: tuple[tuple[tuple[int, int, int, int], tuple[str | None, int | None, str], Cause], ...] = (
    ((0, 1000, 1000, 0), ("7", 1000, ""), "unknown-price"),
    ((0, 1000, 1000, 0), ("7", None, ""), "unknown-price"),
    ((1, 1000, 500, 0), ("2", 1000, ""), "unknown-price"),
    ((1, 1000, 500, 0), ("9", 1000, ""), "unexplained"),
    ((0, 1000, 1000, 0), ("7", 1500, ""), "unexplained"),
    ((4, 1000, 0, 0), ("2", 1000, "batch"), "tier"),
    ((4, 1000, 0, 0), ("3", 1000, ""), "price"),
    ((4, 1000, 0, 0), ("4.004999999", 1000, ""), "rounding"),
    ((4, 1000, 0, 0), ("8", 2000, ""), "outside"),
    ((4, 1000, 0, 0), ("2", 500, ""), "unexplained"),
    ((4, 1000, 0, 0), ("5", None, ""), "unexplained"),
    ((4, 1000, 0, 1), ("3", 750, ""), "retries"),
    ((4, 1000, 0, 1), ("3", None, ""), "retries"),
    ((4, 1000, 0, 1), ("9", 2250, ""), "unexplained"),
    ((0, 0, 0, 0), ("-3", None, ""), "outside"),
    ((4, 1000, 0, 0), (None, 1000, ""), "no-amount"),
)


@pytest.mark.parametrize(("counted", "charged", "cause"), CELLS)
def test_a_cell_has_the_cause_that_its_figures_prove(
    counted: tuple[int, int, int, int], charged: tuple[str | None, int | None, str], cause: Cause
) -> None:
    at = place(DAYS[0], "gpt-5", "input")
    usd, tokens, unpriced, estimated = counted
    nano = None if charged[0] is None else nano_from_usd(Decimal(charged[0]))
    line = Billed(at, nano, None if charged[1] is None else Decimal(charged[1]), charged[2])
    found = reconcile([Metered(at, NanoUsd(usd * USD), tokens, unpriced, NanoUsd(estimated * USD))], [line])
    assert [part.cause for part in found.parts] == [cause]


def test_a_bill_without_kinds_or_models_is_compared_with_their_sums() -> None:
    metered, _ = month()
    day = DAYS[0]
    rows = {at: row for at, row in metered.items() if at.day_ms == day * DAY_MS}
    by_model = [Billed(place(day, "gpt-5", ""), NanoUsd(90 * USD)), Billed(place(day, "opus", ""), NanoUsd(300 * USD))]
    assert reconcile(tuple(rows.values()), by_model).parts == ()
    whole = reconcile(tuple(rows.values()), [Billed(place(day, "", ""), NanoUsd(390 * USD))])
    assert (whole.parts, len(whole.cells)) == ((), 1)


def test_a_model_that_is_metered_and_never_billed_is_unexplained_on_a_day_that_has_a_bill() -> None:
    metered, billed = month()
    gone = place(DAYS[5], "opus", "input")
    del billed[gone]
    assert causes(told(metered, billed)) == {"unexplained": -200 * USD}
    metered[gone] = replace(metered[gone], estimated_nano=metered[gone].nano)
    assert causes(told(metered, billed)) == {"retries": -200 * USD}


@pytest.mark.parametrize("factor", [100, 1_000, 10_000, Decimal("0.01")])
def test_a_bill_that_is_off_by_a_power_of_ten_every_day_is_disputed(factor: int | Decimal) -> None:
    metered, billed = month()
    wrong = {at: replace(line, nano=NanoUsd(int((line.nano or 0) * factor))) for at, line in billed.items()}
    found = told(metered, wrong)
    assert found.disputed_factor == factor
    assert found.alarming


def test_traffic_that_doubled_on_one_day_is_no_misread_unit() -> None:
    metered, billed = month()
    at = place(DAYS[0], "gpt-5", "input")
    billed[at] = Billed(at, NanoUsd(100 * 390 * USD), Decimal(TOKENS["input"]))
    assert told(metered, billed).disputed_factor is None


amounts = st.integers(min_value=-(10**12), max_value=10**13)


@given(
    st.lists(st.tuples(st.sampled_from(DAYS[:3]), st.sampled_from(list(PRICES)), amounts, st.integers(0, 10**9))),
    st.lists(st.tuples(st.sampled_from(DAYS[:3]), st.sampled_from(list(PRICES)), amounts | st.none())),
)
def test_the_parts_always_sum_to_the_difference(
    counted: list[tuple[int, tuple[str, str], int, int]], charged: list[tuple[int, tuple[str, str], int | None]]
) -> None:
    metered = [Metered(place(day, *which), NanoUsd(abs(nano)), tokens) for day, which, nano, tokens in counted]
    billed = [Billed(place(day, *which), None if nano is None else NanoUsd(nano)) for day, which, nano in charged]
    found = reconcile(metered, billed)
    assert sum(part.nano or 0 for part in found.parts) == found.billed_nano - found.metered_nano
