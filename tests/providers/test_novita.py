"""Novita's balance and bills, in ten-thousandths of a dollar."""

import pytest

from costtui.domain.bill import Balance, BilledLine
from costtui.errors import SourceError
from costtui.providers.walk import Told
from tests.providers.harness import answer_of, tell


def _lines(told: Told) -> list[BilledLine]:
    return [row for row in told.rows if isinstance(row, BilledLine)]


def test_the_balance_is_what_may_still_be_spent_and_not_the_sum_of_its_parts() -> None:
    (balance,) = tell("novita", "balance").rows
    assert isinstance(balance, Balance)
    assert balance.nano == 100_000_000_000


def test_a_bill_is_what_is_left_to_pay_after_vouchers() -> None:
    lines = _lines(tell("novita", "bills"))
    assert [(line.dims.item, line.dims.model, line.nano) for line in lines] == [
        ("meta-llama/llama-3.3-70b-instruct", "meta-llama/llama-3.3-70b-instruct", 1_000_000_000),
        ("llama-3.1-8b", "llama-3.1-8b", 10_300_000),
        ("RTX 4090 x2", "", 6_900_000_000),
        ("refund", "", -500_000_000),
    ]


def test_a_bill_that_names_its_last_second_ends_with_its_day() -> None:
    first = _lines(tell("novita", "bills"))[0]
    assert (first.from_ms, first.until_ms) == (1_795_305_600_000, 1_795_392_000_000)


def test_a_bill_that_names_its_end_itself_ends_there_too() -> None:
    bills = answer_of("novita", "bills_llm")
    bills["bills"][0]["endTime"] = 1_795_392_000
    assert _lines(tell("novita", "bills", bills_llm=bills))[0].until_ms == 1_795_392_000_000


def test_one_kind_of_product_that_cannot_be_read_is_no_kind_without_bills() -> None:
    with pytest.raises(SourceError, match="bills is missing"):
        tell("novita", "bills", bills_gpu={"code": 500, "reason": "INTERNAL", "message": "", "metadata": {}})


def test_a_bill_without_its_amount_is_unknown_and_not_free() -> None:
    bills = answer_of("novita", "bills_llm")
    del bills["bills"][0]["payAmount"]
    told = tell("novita", "bills", bills_llm=bills)
    assert _lines(told)[0].nano is None
    assert told.missing == ("bills[].payAmount is missing",)
