"""From changes by hand to commands: only what is asked, only what costtui set is set back, hands are not fought."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.balancers.orders import (
    acknowledged,
    asking,
    commands,
    compared,
    differences,
    due,
    orders,
    weights_of,
    with_leftovers,
)
from costtui.domain.balancer import Ack, AckState, Balancer, Order, Orders, Process, ServerNow

EDGE = Balancer("edge", Path("/s"), "llm", "chat", (("vllm1", "s1"), ("vllm2", "s2")))
RUN = Process(41, 9)
USUAL = (ServerNow("s1", 90, 90), ServerNow("s2", 10, 10))
SHIFTED = (ServerNow("s1", 20, 90), ServerNow("s2", 80, 10))
NOTHING = orders(EDGE, None, (), None)
SHIFT = orders(EDGE, {"vllm1": 20, "vllm2": 80}, (), 7)


def applied(asked: Orders, servers: tuple[ServerNow, ...], last: Ack | None = None) -> Ack:
    return acknowledged(asking(EDGE, asked, last, RUN, 1), "", (), servers, 2)


def flat(found: dict[str, list[str]]) -> list[str]:
    return [command for each in found.values() for command in each]


@pytest.mark.parametrize(
    ("shares", "weights"),
    [
        ({"a": 20, "b": 80}, {"a": 20, "b": 80}),
        ({"a": 1, "b": 0}, {"a": 1, "b": 0}),
        ({"a": 256, "b": 0}, {"a": 256, "b": 0}),
        ({"a": 512, "b": 256}, {"a": 256, "b": 128}),
        ({"a": 1_000_000, "b": 1}, {"a": 256, "b": 1}),  # 0.000256 would be none at all
        ({}, {}),
    ],
)
def test_shares_become_weights_that_haproxy_takes(shares: dict[str, int], weights: dict[str, int]) -> None:
    assert weights_of(shares) == weights


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 9_999_999), max_size=6))
def test_weights_are_within_bounds_and_zero_exactly_where_the_share_is(shares: dict[str, int]) -> None:
    weights = weights_of(shares)
    assert all(0 <= weight <= 256 for weight in weights.values())
    assert {name for name, weight in weights.items() if not weight} == {
        name for name, each in shares.items() if not each
    }


def test_a_shift_sets_weights_and_a_target_left_out_gets_none() -> None:
    assert Orders(7, (Order("s1", 20), Order("s2", 80))) == SHIFT
    assert orders(EDGE, {"vllm2": 1, "novita": 9}, (), 8).servers == (Order("s1", 0), Order("s2", 1))


def test_a_shift_to_targets_elsewhere_leaves_the_backend_as_it_is_and_says_so() -> None:
    asked = orders(EDGE, {"novita": 100}, (), 8)
    assert asked.plain
    assert asked.note == "revision 8 gives none of its servers a share: their own weights hold"


def test_without_a_change_by_hand_nothing_is_ever_told() -> None:
    assert not due(NOTHING, None, RUN, None)


@pytest.mark.parametrize(
    ("asked", "last", "process", "is_due"),
    [
        (SHIFT, None, RUN, True),
        (SHIFT, applied(SHIFT, SHIFTED), RUN, False),
        (SHIFT, applied(SHIFT, SHIFTED), Process(41, 10), False),
        (SHIFT, applied(SHIFT, SHIFTED), Process(42, 10), True),
        (SHIFT, applied(SHIFT, SHIFTED), Process(41, 2), True),  # the same pid in a container, younger
        (replace(SHIFT, revision=8), applied(SHIFT, SHIFTED), RUN, True),  # the same shares, asked for again
        (NOTHING, applied(SHIFT, SHIFTED), RUN, True),
        (NOTHING, applied(NOTHING, USUAL), Process(42, 0), False),
        (SHIFT, asking(EDGE, SHIFT, None, RUN, 1), RUN, True),
        (SHIFT, acknowledged(asking(EDGE, SHIFT, None, RUN, 1), "no", (), USUAL, 2), RUN, True),
        (SHIFT, compared(applied(SHIFT, SHIFTED), USUAL, 3), RUN, False),  # changed by hand: not fought
    ],
)
def test_a_balancer_is_told_on_a_change_a_restart_and_a_refusal_only(
    asked: Orders, last: Ack | None, process: Process, *, is_due: bool
) -> None:
    assert due(asked, last, process, None) is is_due


def test_a_restart_is_seen_against_the_last_look_not_the_last_order() -> None:
    last = applied(SHIFT, SHIFTED)  # at 9 s of uptime
    assert due(SHIFT, last, Process(41, 50), Process(41, 400))
    assert not due(SHIFT, last, Process(41, 50), Process(41, 49))


def test_commands_are_only_what_is_missing() -> None:
    assert flat(commands(EDGE, SHIFT, None, USUAL)) == ["set server llm/s1 weight 20", "set server llm/s2 weight 80"]
    assert flat(commands(EDGE, SHIFT, None, SHIFTED)) == []


def test_when_a_shift_ends_the_configured_weights_come_back() -> None:
    last = applied(SHIFT, SHIFTED)
    assert last.weighted == ("s1", "s2")
    assert flat(commands(EDGE, NOTHING, last, SHIFTED)) == [
        "set server llm/s1 weight 90",
        "set server llm/s2 weight 10",
    ]
    assert applied(NOTHING, USUAL, last).weighted == ()


def test_a_weight_that_costtui_never_set_is_not_set_back() -> None:
    drain = orders(EDGE, None, {"vllm2"}, 7)
    by_hand = (ServerNow("s1", 50, 90), ServerNow("s2", 10, 10))
    assert flat(commands(EDGE, drain, None, by_hand)) == ["set server llm/s2 state drain"]
    assert flat(commands(EDGE, NOTHING, applied(drain, by_hand), by_hand)) == []


def test_only_a_drain_of_costtuis_own_is_ended() -> None:
    drained = (USUAL[0], replace(USUAL[1], drained=True))
    drain = orders(EDGE, None, {"vllm2"}, 7)
    assert flat(commands(EDGE, NOTHING, applied(drain, drained), drained)) == ["set server llm/s2 state ready"]
    assert flat(commands(EDGE, NOTHING, applied(SHIFT, SHIFTED), drained)) == []


def test_a_server_in_maintenance_stays_there() -> None:
    away = (USUAL[0], replace(USUAL[1], maintenance=True))
    drain = orders(EDGE, None, {"vllm2"}, 7)
    assert flat(commands(EDGE, drain, None, away)) == []
    ack = applied(drain, away)
    assert (ack.state, ack.problem) == (AckState.CHANGED, "s2 is in maintenance")
    assert flat(commands(EDGE, NOTHING, ack, away)) == []


def test_what_is_asked_is_known_before_it_is_done_so_that_a_crash_leaves_nothing_behind() -> None:
    drained = (USUAL[0], replace(USUAL[1], drained=True))
    drain = orders(EDGE, None, {"vllm2"}, 7)
    crashed = asking(EDGE, drain, None, RUN, 1)
    assert flat(commands(EDGE, NOTHING, crashed, drained)) == ["set server llm/s2 state ready"]
    undone = asking(EDGE, NOTHING, applied(drain, drained), RUN, 3)
    assert undone.drained == ("s2",)
    assert flat(commands(EDGE, NOTHING, undone, drained)) == ["set server llm/s2 state ready"]


def test_servers_that_are_named_no_more_are_to_be_as_configured_where_costtui_changed_them() -> None:
    last = applied(SHIFT, SHIFTED)
    one = orders(replace(EDGE, servers=(("vllm1", "s1"),)), {"vllm1": 20}, (), 7)
    assert with_leftovers(one, last, SHIFTED).servers == (Order("s1", 20), Order("s2"))
    assert with_leftovers(one, last, SHIFTED[:1]) == one  # it is gone from the backend as well
    assert with_leftovers(one, None, SHIFTED) == one
    assert with_leftovers(SHIFT, last, SHIFTED) == SHIFT


def test_a_server_that_the_backend_does_not_have_is_a_refusal_by_name() -> None:
    ack = applied(SHIFT, SHIFTED[:1])
    assert (ack.state, ack.problem) == (AckState.REFUSED, "s2 is not in the backend")


def test_a_command_without_effect_is_a_refusal_and_stays_to_be_set_back() -> None:
    ack = acknowledged(asking(EDGE, SHIFT, None, RUN, 1), "", ("s1",), (USUAL[0], SHIFTED[1]), 2)
    assert (ack.state, ack.problem) == (AckState.REFUSED, "s1 has weight 90 instead of 20")
    assert ack.weighted == ("s1", "s2")


def test_hands_are_seen_and_seen_to_be_gone() -> None:
    last = applied(SHIFT, SHIFTED)
    assert compared(last, SHIFTED, 3) is last
    changed = compared(last, (ServerNow("s1", 20, 90, drained=True), ServerNow("s2", 5, 10)), 3)
    assert (changed.state, changed.at_ms) == (AckState.CHANGED, 3)
    assert changed.problem == "s1 is drained, s2 has weight 5 instead of 80"
    assert compared(changed, SHIFTED, 4).state is AckState.APPLIED


def test_without_an_order_the_balancers_own_configuration_is_the_measure() -> None:
    assert differences(NOTHING, USUAL) == {}
    assert differences(NOTHING, SHIFTED) == {
        "s1": "s1 has weight 20 instead of 90",
        "s2": "s2 has weight 80 instead of 10",
    }
