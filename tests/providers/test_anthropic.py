"""Anthropic's lines, one by one."""

import asyncio
from dataclasses import replace

import pytest

from costtui.domain.bill import BilledLine, UsedLine
from costtui.egress.client import Egress
from costtui.errors import SourceGone, SourceRefused
from costtui.providers.walk import Told, walk
from tests.egress.server import response
from tests.providers.harness import Case, Recording, answer_of, case, fake, tell, told_by

_WORKSPACE = "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ"


def _narrowed(feed: str, *workspaces: str) -> tuple[Told, Recording]:
    one = case("anthropic", feed)
    one = replace(one, account=replace(one.account, filters={"workspaces": workspaces}))
    recording = Recording(one)

    async def run() -> Told:
        async with Egress(recording) as egress:
            return await walk(one.provider, one.feed, one.account, one.span, egress)

    return asyncio.run(run()), recording


def test_amounts_are_decimal_texts_in_cents() -> None:
    lines = [row for row in tell("anthropic", "costs").rows if isinstance(row, BilledLine)]
    assert [(line.dims.model, line.dims.token_kind, line.nano) for line in lines] == [
        ("claude-opus-4-5", "output", 123_787_891_200),
        ("", "web_search", 2_500_000_000),
        ("claude-haiku-4-5", "input", 5),
        ("claude-haiku-4-5", "cache_write_1h", 1_234_500_000),
        ("", "", -10_000_000_000),
    ]
    assert [line.dims.tier for line in lines] == ["", "", "batch", "", ""]


def test_the_workspace_without_an_id_is_the_default_one() -> None:
    lines = [row for row in tell("anthropic", "costs").rows if isinstance(row, BilledLine)]
    assert [line.dims.project for line in lines] == ["default", "default", _WORKSPACE, _WORKSPACE, "default"]


@pytest.mark.parametrize(
    ("workspaces", "nano"),
    [
        ((_WORKSPACE,), 1_234_500_005),
        (("default",), 116_287_891_200),
        (("default", _WORKSPACE), 117_522_391_205),
        (("wrkspc_other",), 0),
    ],
)
def test_costs_are_narrowed_to_the_workspaces_by_their_lines(workspaces: tuple[str, ...], nano: int) -> None:
    told, _ = _narrowed("costs", *workspaces)
    assert sum(row.nano or 0 for row in told.rows if isinstance(row, BilledLine)) == nano
    assert told.complete
    assert told.missing == ()


@pytest.mark.parametrize("feed", ["usage", "hours"])
def test_tokens_and_hours_are_asked_for_by_workspace_and_checked_by_line(feed: str) -> None:
    told, recording = _narrowed(feed, _WORKSPACE)
    assert all(asked.params["workspace_ids[]"] == [_WORKSPACE] for asked in recording.asked)
    assert {row.dims.project for row in told.rows if isinstance(row, (BilledLine, UsedLine))} == {_WORKSPACE}


def test_the_default_workspace_cannot_be_asked_for_and_is_chosen_by_its_lines() -> None:
    told, recording = _narrowed("usage", "default")
    assert all("workspace_ids[]" not in asked.params for asked in recording.asked)
    assert [row.dims.project for row in told.rows if isinstance(row, UsedLine)] == ["default"]


def test_what_is_cached_and_written_is_counted_as_part_of_the_input() -> None:
    first = tell("anthropic", "usage").rows[0]
    assert isinstance(first, UsedLine)
    assert first.usage is not None
    assert first.usage.input_tokens == 1_500 + 200_000 + 500 + 1_000
    assert first.requests is None


def test_the_hourly_costs_say_up_to_when_they_are_complete() -> None:
    told = tell("anthropic", "hours")
    assert told.refreshed_ms == 1_795_345_440_000
    assert [row.dims.token_kind for row in told.rows if isinstance(row, BilledLine)] == ["output", "web_search"]


def test_only_the_beta_is_asked_for_as_one() -> None:
    assert _narrowed("hours")[1].asked[0].headers["anthropic-beta"] == "analytics-usage-cost-2026-08-24"
    assert "anthropic-beta" not in _narrowed("costs")[1].asked[0].headers


def test_a_beta_that_is_refused_is_off_and_leaves_the_others_alone() -> None:
    hours, costs = case("anthropic", "hours"), case("anthropic", "costs")
    assert hours.feed.optional
    assert not costs.feed.optional

    async def run(one: Case, status: str) -> Told:
        async with fake(one) as server, Egress() as egress:
            server.fault = lambda body: response(body, status)
            return await told_by(server, one, egress)

    with pytest.raises(SourceRefused):
        asyncio.run(run(hours, "403 Forbidden"))
    with pytest.raises(SourceGone):
        asyncio.run(run(hours, "404 Not Found"))
    assert asyncio.run(run(costs, "200 OK")).complete


def test_a_new_kind_of_cost_is_kept_under_its_description() -> None:
    page = answer_of("anthropic", "costs_2")
    page["data"][0]["results"][0] |= {"cost_type": "moon_shots", "token_type": None, "description": "Moon Shots"}
    told = tell("anthropic", "costs", costs_2=page)
    line = told.rows[2]
    assert isinstance(line, BilledLine)
    assert (line.dims.token_kind, line.dims.item, line.nano) == ("", "Moon Shots", 5)
    assert told.missing == ()
