"""Advice followed up: which changes name it, how long they held, and what the traffic would have cost before."""

import pytest

from costtui.analysis.followed import Carried, Promise, at_former_rates, courses, promise, reason
from costtui.domain.control import Kind, Revision
from costtui.domain.money import NanoUsd

NOW = 1_000
SAID = "advice: change-seller gpt-oss-120b: 12.40 $ a month"
WORTH = Promise("change-seller gpt-oss-120b", NanoUsd(12_400_000_000))


def change(
    number: int, at_ms: int, said: str = SAID, until_ms: int | None = None, route: str = "chat", kind: Kind = Kind.SHIFT
) -> Revision:
    return Revision(number, route, at_ms, "mara", said, kind, (("novita", 1),), until_ms)


def test_what_a_change_says_is_read_back_as_it_was_written() -> None:
    assert promise(reason("change-seller gpt-oss-120b", NanoUsd(12_400_000_000))) == WORTH
    assert promise(reason("unpriced x", None)) == Promise("unpriced x", None)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("advice: by hand, about 12 $ a month", Promise("by hand, about 12 $ a month", None)),
        ("advice: a: b: 0.5 $ a month", Promise("a: b", NanoUsd(500_000_000))),
        ("on advice of mara", None),
        ("", None),
    ],
)
def test_a_reason_without_a_prediction_predicts_nothing(said: str, read: Promise | None) -> None:
    assert promise(said) == read


@pytest.mark.parametrize(
    ("changes", "spans"),
    [
        ([change(1, 100)], ((100, NOW),)),
        ([change(1, 100, until_ms=300)], ((100, 300),)),
        ([change(1, 100, until_ms=5_000)], ((100, NOW),)),
        ([change(1, 100), change(2, 400, "something else")], ((100, 400),)),
        ([change(1, 100), change(2, 400, "taken back", kind=Kind.UNDO)], ((100, 400),)),
        ([change(1, 100, until_ms=300), change(2, 300, until_ms=600)], ((100, 300), (300, 600))),
        ([change(1, 100), change(2, 400, "elsewhere", route="code")], ((100, NOW),)),
        ([change(1, 100), change(2, 400, "a drain", route="", kind=Kind.DRAIN)], ((100, NOW),)),
    ],
)
def test_a_change_holds_until_its_end_or_the_next_of_its_route(
    changes: list[Revision], spans: tuple[tuple[int, int], ...]
) -> None:
    (found,) = courses(changes, NOW)
    assert (found.route, found.promise, found.since_ms, found.spans) == ("chat", WORTH, 100, spans)


def test_the_former_way_begins_with_the_change_before_and_ends_with_the_first_that_follows_the_advice() -> None:
    made = [change(1, 50, "by hand"), change(2, 100, until_ms=300), change(3, 300)]
    (found,) = courses(made, NOW)
    assert (found.former_ms, found.since_ms) == (50, 100)


def test_changes_that_name_no_advice_or_no_route_are_not_followed() -> None:
    drain = change(2, 10, route="", kind=Kind.DRAIN)
    assert courses([change(1, 5, "by hand"), drain, change(3, 20, kind=Kind.UNDO)], NOW) == ()


BEFORE = Carried(10, 1_000, 100, 2_000, 500, 70)
"""2 nano-dollars an input token, 5 an output token, 7 a request."""


@pytest.mark.parametrize(
    ("before", "after", "nano"),
    [
        (BEFORE, Carried(10, 1_000, 100, 0, 0, 0), 2_570),
        (BEFORE, Carried(3, 10, 20, 9, 9, 9), 3 * 7 + 10 * 2 + 20 * 5),
        (BEFORE, Carried(0, 0, 0, 0, 0, 0), 0),
        # half of what went before was carried by own GPUs and cost no API dollar: the rate is half of the list price
        (Carried(2, 2_000, 0, 1_000, 0, 0), Carried(1, 1_001, 0, 0, 0, 0), 500),
        (Carried(1, 10, 0, 10, 0, 0), Carried(1, 10, 5, 0, 0, 0), None),
        (Carried(0, 0, 0, 0, 0, 0), Carried(1, 10, 5, 0, 0, 0), None),
        (Carried(1, 10, 5, None, None, None), Carried(1, 10, 5, 0, 0, 0), None),
    ],
)
def test_traffic_is_priced_as_it_was_paid_before(before: Carried, after: Carried, nano: int | None) -> None:
    assert at_former_rates(before, after) == nano


def test_the_sum_of_a_span_without_a_known_price_is_not_known() -> None:
    assert Carried(1, 1, 1, 1, 2, 3).nano == 6
    assert Carried(1, 1, 1, None, 2, 3).nano is None
