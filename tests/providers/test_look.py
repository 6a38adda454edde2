"""The tolerant look into an answer: exact where it can be, None and a note where it cannot."""

import json
from typing import Any

import pytest

from costtui.errors import SourceError
from costtui.providers.look import NOTES, Look, Notes, decoded


def _look(value: Any) -> Look:
    return Look(decoded(json.dumps(value).encode(), "http://x"), Notes())


def _of(text: str) -> Look:
    return Look(decoded(f'{{"a": {text}}}'.encode(), "http://x"), Notes())


@pytest.mark.parametrize(
    ("text", "per_usd", "nano"),
    [
        ("12.843725", 1, 12_843_725_000),
        ('"2.25"', 1, 2_250_000_000),
        ("-1.5", 1, -1_500_000_000),
        ("0.0000000005", 1, 0),  # half a nano-dollar goes to the even one
        ("0.0000000015", 1, 2),
        ("0.00000000050000000000000000000000000001", 1, 1),  # past the half, in the 38th decimal
        ("123456789.0000000005000000000000000000000001", 1, 123_456_789_000_000_001),
        ('"12378.78912"', 100, 123_787_891_200),
        ("50000", 100, 500_000_000_000),
        ('"1000000"', 10_000, 100_000_000_000),
        ("2450000000", 1_000_000_000, 2_450_000_000),
        ("1e-7", 1, 100),
        ("0", 1, 0),
        ("0e999999", 1, 0),
    ],
)
def test_an_amount_is_exact_in_nano_dollars_and_rounded_once(text: str, per_usd: int, nano: int) -> None:
    look = _of(text)
    assert look.usd("a", per_usd=per_usd) == nano
    assert tuple(look.notes) == ()


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("null", "a is missing"),
        ("true", "a is not a number"),
        ('"NaN"', "a is not a number"),
        ('"Infinity"', "a is not a number"),
        ('"1,234.50"', "a is not a number"),
        ('"$5"', "a is not a number"),
        ('""', "a is not a number"),
        ("[5]", "a is not a number"),
        ("1e309", "a is not a believable number"),
        ("-1e999999999", "a is not a believable number"),
        ("1e-999999999", "a is not a believable number"),
        ("9" * 5000, "a is not a believable number"),
        ("1000000000", "a is not a believable amount"),
        ("-1e20", "a is not a believable amount"),
    ],
)
def test_what_is_no_amount_is_none_and_named(text: str, note: str) -> None:
    look = _of(text)
    assert look.usd("a") is None
    assert tuple(look.notes) == (note,)


@pytest.mark.parametrize("text", ["-1", "1.5", "1e15", '"-3"', "1e309"])
def test_a_count_is_whole_and_not_negative(text: str) -> None:
    look = _of(text)
    assert look.count("a") is None
    assert len(tuple(look.notes)) == 1


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1795305600", 1_795_305_600_000),
        ('"1795305600"', 1_795_305_600_000),
        ("1795305600.75", 1_795_305_600_000),
        ('"2026-11-22T00:00:00Z"', 1_795_305_600_000),
        ('"2026-11-22T01:00:00.999+01:00"', 1_795_305_600_000),
        ('"2026-11-22"', 1_795_305_600_000),
    ],
)
def test_a_time_is_read_as_unix_seconds_or_as_rfc_3339(text: str, milliseconds: int) -> None:
    look = _of(text)
    assert look.moment("a") == milliseconds
    assert tuple(look.notes) == ()


@pytest.mark.parametrize(
    "text", ["0", "-5", "1795305600000", "1e30", '"yesterday"', '"0001-01-01T00:00:00+23:59"', '"9999-12-31"', "true"]
)
def test_milliseconds_zeros_and_far_centuries_are_no_time(text: str) -> None:
    look = _of(text)
    assert look.moment("a") is None
    assert len(tuple(look.notes)) == 1


def test_a_bucket_that_ends_before_it_begins_is_none() -> None:
    look = _look({"from": 1_795_392_000, "to": 1_795_305_600})
    assert look.bucket("from", "to") is None
    assert tuple(look.notes) == ("to is not after from",)


def test_a_mark_is_sent_back_unchanged_however_long() -> None:
    mark = "page_" + "A+/=" * 500
    assert _look({"next": mark}).token("next") == mark


@pytest.mark.parametrize("mark", ["two words", "tab\there", "é", "x" * 5000, ["p"], True])
def test_a_mark_that_cannot_be_one_is_named(mark: object) -> None:
    look = _look({"next": mark})
    assert look.token("next") is None
    assert tuple(look.notes) == ("next is not the mark of a page",)


@pytest.mark.parametrize("mark", [None, ""])
def test_no_mark_is_no_lack(mark: object) -> None:
    look = _look({"next": mark})
    assert look.token("next") is None
    assert tuple(look.notes) == ()


def test_a_name_comes_without_what_could_steer_a_terminal() -> None:
    assert _look({"name": "gpt\x1b[31m\u202e-5"}).text("name") == "gpt[31m\ufffd-5"


def test_a_whole_number_is_an_id_too() -> None:
    assert _look({"id": 77}).text("id") == "77"


def test_an_amount_in_another_currency_is_not_one_in_dollars() -> None:
    look = _look({"currency": "EUR"})
    assert not look.in_dollars("currency")
    assert tuple(look.notes) == ("currency is not USD",)
    assert _look({"currency": "usd"}).in_dollars("currency")


def test_what_a_list_lacks_is_named_once_and_not_per_member() -> None:
    look = _look({"data": [{}, {"amount": None}, {"amount": "x"}]})
    assert [member.usd("amount") for member in look.each("data")] == [None, None, None]
    assert tuple(look.notes) == ("data[].amount is missing", "data[].amount is not a number")


def test_no_more_than_a_few_lacks_are_named() -> None:
    look = _look({})
    for index in range(100):
        assert look.text(f"field{index}") is None
    assert len(tuple(look.notes)) == NOTES


def test_an_optional_thing_is_named_only_where_it_is_of_another_type() -> None:
    look = _look({"there": 3.5, "null": None})
    assert [look.text(key, optional=True) for key in ("there", "null", "absent")] == [None] * 3
    assert tuple(look.notes) == ("there is not a text",)


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b" <html>", "a web page"), (b"", "nothing"), (b"\n", "nothing"), (b"{", "something that is not JSON")],
)
def test_what_is_no_json_is_named_for_what_it_is(body: bytes, kind: str) -> None:
    with pytest.raises(SourceError, match=kind):
        decoded(body, "https://api.example/v1")
