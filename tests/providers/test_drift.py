"""Answers whose fields a provider dropped, nulled, renamed or retyped: what no longer adds up is named."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from costtui.errors import SourceError
from costtui.providers.walk import Told
from tests.providers.drift import changes, restyled
from tests.providers.harness import Case, bodies, case, feeds, measured, replaying

_Change = Callable[[Any], Iterator[tuple[str, Any]]]


async def _told(one: Case, change: _Change) -> list[tuple[str, Told | SourceError]]:
    """What each change of each answer comes to."""
    found: list[tuple[str, Told | SourceError]] = []
    async with replaying(one) as told:
        for file, answer in bodies(one):
            for what, changed in change(answer):
                try:
                    found.append((f"{file}: {what}", await told({file: json.dumps(changed).encode()})))
                except SourceError as error:
                    found.append((f"{file}: {what}", error))
    return found


@pytest.mark.parametrize(("name", "feed"), feeds())
def test_no_field_can_change_a_figure_without_being_named(name: str, feed: str) -> None:
    one = case(name, feed)
    outcomes = asyncio.run(_told(one, changes))
    assert outcomes
    for what, told in outcomes:
        if isinstance(told, Told) and measured(told.rows) != dict(one.told):
            assert told.missing, what


def test_three_thousand_such_changes_are_tried() -> None:
    tried = [what for name, feed in feeds() for _, answer in bodies(case(name, feed)) for what, _ in changes(answer)]
    assert len(tried) >= 3_000


@pytest.mark.parametrize(("name", "feed"), feeds())
def test_a_number_counts_the_same_written_as_a_text_or_as_a_number(name: str, feed: str) -> None:
    one = case(name, feed)
    for what, told in asyncio.run(_told(one, restyled)):
        assert isinstance(told, Told), what
        assert (measured(told.rows), told.missing) == (dict(one.told), ()), what
