"""Which targets must be on the premises by their address, and which addresses are."""

import asyncio
import re

import pytest

from costtui.config.model import Config, Route, Target
from costtui.domain.rule import Rule
from costtui.gateway.premises import confined, is_name, look_up, on_premises


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("10.0.0.1", True),
        ("172.31.255.255", True),
        ("172.32.0.1", False),
        ("192.168.1.1", True),
        ("100.64.0.1", True),
        ("100.128.0.1", False),
        ("8.8.8.8", False),
        ("203.0.113.9", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("::1", True),
        ("::", False),
        ("fd12::1", True),
        ("fe80::1%eth0", False),
        ("2606:4700::1", False),
        ("::ffff:10.0.0.1", True),
        ("::ffff:8.8.8.8", False),
    ],
)
def test_an_address_is_on_the_premises_where_no_packet_for_it_crosses_the_internet(address: str, inside: bool) -> None:
    assert on_premises(address) is inside


def test_only_local_targets_that_a_boundary_or_a_class_of_data_names_are_held_to_it() -> None:
    names = ("in", "ruled", "free", "cloud")
    targets = tuple(Target(name, engine="vllm", local=name != "cloud") for name in names)
    rules = (Rule(frozenset({"ruled"}), data_class="confidential"), Rule(frozenset({"free"}), tag="batch"))
    routes = (
        Route("legal", "pinned", ("in",), boundary=("in", "cloud")),
        Route("chat", "weighted", ("ruled", "free", "cloud"), rules=rules),
    )
    assert confined(Config(targets=targets, routes=routes)) == {"in", "ruled"}


def test_an_address_is_taken_as_it_stands_and_a_name_is_looked_up() -> None:
    assert [is_name(host) for host in ("gpu1.lan", "localhost", "8.8.8.8", "::1")] == [True, True, False, False]
    assert set(asyncio.run(look_up("localhost", 80))) <= {"127.0.0.1", "::1"}


def test_a_name_that_leads_outside_is_refused_with_what_to_do() -> None:
    with pytest.raises(PermissionError, match=re.escape("203.0.113.9 leads to 203.0.113.9, off the premises")):
        asyncio.run(look_up("203.0.113.9", 80))
