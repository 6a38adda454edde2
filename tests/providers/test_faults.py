"""Whatever a provider answers, only a SourceError comes of it, and never a wrong figure in silence."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from costtui.egress.client import Egress
from costtui.errors import SourceError
from costtui.providers import walk as walking
from costtui.providers.walk import Told, walk
from tests.providers.faults import FAULTS, Fault
from tests.providers.harness import KEY, Case, Recording, case, fake, feeds, measured, told_by

_PAGES = 20


def _judged(one: Case, fault: Fault, told: Told | SourceError) -> str:
    """What is wrong with the outcome; nothing if nothing is."""
    if isinstance(told, SourceError):
        if fault.harmless or KEY in str(told) or not told.remedy:
            return f"{fault.name}: {told}"
        return "" if isinstance(told, fault.raises or SourceError) else f"{fault.name}: {type(told).__name__}"
    if fault.raises is not None:
        return f"{fault.name} was read"
    if measured(told.rows) != dict(one.told) and (fault.harmless or not told.missing):
        return f"{fault.name} told {measured(told.rows)} and missed {told.missing}"
    return ""


@pytest.mark.parametrize(("name", "feed"), feeds())
def test_every_fault_ends_in_a_source_error_or_names_what_is_missing(
    name: str, feed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = case(name, feed)
    monkeypatch.setattr(walking, "MOST_BYTES", 256 * 1024)

    async def run() -> list[str]:
        found = []
        async with fake(one) as server, Egress() as egress:
            for fault in FAULTS:
                server.fault = fault.answer
                told: Told | SourceError
                try:
                    told = await told_by(server, one, egress, fault.seconds)
                except SourceError as error:
                    told = error
                found.append(_judged(one, fault, told))
        return [wrong for wrong in found if wrong]

    assert asyncio.run(run()) == []


def test_there_are_sixty_faults_and_more_each_with_its_own_name() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 60


_MARKS = {"next_page", "next_cursor", "next", "nextPageToken", "next_token", "after", "cursor"}


class _Endless(httpx.AsyncBaseTransport):
    """Says of every page that there is one more: always the same one, or each time a new one."""

    def __init__(self, one: Case, fresh: bool) -> None:
        self._inner = Recording(one)
        self._fresh = fresh
        self.pages = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        self.pages += 1
        body = json.loads(await response.aread()) if response.status_code == 200 else {}
        mark = f"mark{self.pages}" if self._fresh else "mark"
        return httpx.Response(response.status_code, content=json.dumps(_more(body, mark)).encode())


def _more(value: Any, mark: str) -> Any:
    if isinstance(value, list):
        return [_more(member, mark) for member in value]
    if not isinstance(value, dict):
        return value
    changed = {key: _more(member, mark) for key, member in value.items()}
    for key in changed:
        if key in _MARKS:
            changed[key] = mark
        elif key == "has_more":
            changed[key] = True
        elif key in ("total_pages", "total", "total_count"):
            changed[key] = 10**9
    return changed


@pytest.mark.parametrize("fresh", [True, False], ids=["always a new page", "always the same page"])
@pytest.mark.parametrize(("name", "feed"), feeds())
def test_pages_that_never_end_are_left_after_a_while_and_that_is_said(
    name: str, feed: str, fresh: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = case(name, feed)
    monkeypatch.setattr(walking, "MOST_PAGES", _PAGES)
    transport = _Endless(one, fresh)
    account = replace(one.account, base=one.account.base or "http://127.0.0.1")

    async def run() -> Told | None:
        async with Egress(transport) as egress:
            try:
                return await walk(one.provider, one.feed, account, one.span, egress)
            except SourceError:
                return None

    told = asyncio.run(run())
    assert transport.pages <= _PAGES
    if told is not None and measured(told.rows) != dict(one.told):
        assert told.missing
