"""Reads providers' bills: one task per feed, each at its own pace, none of which can stop another or the second."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

from costtui.agent.bill_schedule import after_failure, after_reading, due_ms, spans
from costtui.agent.clock import Clock
from costtui.agent.health import Health
from costtui.agent.log import Log
from costtui.agent.source import attempt_async
from costtui.config.model import Billing
from costtui.config.secrets import resolve
from costtui.domain.bill import BillRow
from costtui.domain.billed import BillAnswer, FeedState
from costtui.domain.reading import Problem
from costtui.egress.client import Egress
from costtui.providers.contract import Account, Feed, Provider, Span
from costtui.providers.registry import providers
from costtui.providers.walk import Told, walk
from costtui.report.observation import SourceNow
from costtui.store.writer import TelemetryWriter

TASK_PREFIX = "bill:"
MOST_SLEEP_SECONDS = 60.0
"""The wall clock may be set while a feed waits for its time."""

States = Mapping[tuple[str, str], FeedState]


class Bills:
    """All feeds of `[billing]`. `states` are those that earlier runs of the agent left."""

    def __init__(
        self,
        egress: Egress,
        writer: TelemetryWriter,
        clock: Clock,
        log: Log,
        states: States,
        environ: Mapping[str, str],
        sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
    ) -> None:
        self._egress = egress
        self._writer = writer
        self._clock = clock
        self._log = log
        self._states = dict(states)
        self._environ = environ
        self._sleep = sleep
        self._health: dict[str, Health] = {}

    def tasks(self, billing: Billing) -> dict[str, Coroutine[Any, Any, None]]:
        """By name, one for each feed of a provider; none for one that tells nothing, which is written down with why."""
        provider = providers()[billing.provider]
        found = {}
        if provider.unsupported:
            self._writer.keep_feed(FeedState(provider.name, "", gone=True, problem=provider.unsupported))
        for feed in (*provider.feeds, *provider.finer):
            name = f"{TASK_PREFIX}{provider.name}/{feed.name}"
            place = provider.name, feed.name
            self._states[place] = _declared(self._state(provider, feed), provider, feed, billing)
            self._health[name] = self._started(name, provider, feed)
            found[name] = self._follow(provider, feed, billing, self._health[name])
        return found

    def drop(self, name: str) -> None:
        """A feed that is no longer read; what it said stays in the store."""
        self._health.pop(name, None)

    def health(self) -> tuple[SourceNow, ...]:
        """For the picture."""
        return tuple(health.now() for health in self._health.values())

    def _started(self, name: str, provider: Provider, feed: Feed) -> Health:
        health = Health(name, float(feed.every_seconds), self._log)
        state = self._state(provider, feed)
        if state.read_ms is not None:
            health.answered(state.read_ms)
        return health

    def _state(self, provider: Provider, feed: Feed) -> FeedState:
        return self._states.get((provider.name, feed.name)) or FeedState(provider.name, feed.name)

    async def _follow(self, provider: Provider, feed: Feed, billing: Billing, health: Health) -> None:
        while True:
            wait_ms = due_ms(feed, self._state(provider, feed)) - self._clock.now_ms()
            if wait_ms > 0:
                await self._sleep(min(wait_ms / 1000, MOST_SLEEP_SECONDS))
                continue
            await self._read(provider, feed, billing, health)

    async def _read(self, provider: Provider, feed: Feed, billing: Billing, health: Health) -> None:
        """One reading; its fault is kept beside what was read before."""
        before, now_ms = self._state(provider, feed), self._clock.now_ms()
        asked = spans(feed, before, now_ms)
        told, error = await attempt_async(health.name, lambda: self._asked(provider, feed, billing, asked, now_ms))
        place = provider.name, feed.name
        if told is None:
            state = self._states[place] = after_failure(before, feed, error, self._clock.now_ms())
            self._writer.keep_feed(state)
            if not state.gone:
                health.failed(Problem(health.name, error.reason, error.remedy), self._clock.now_ms())
            return
        rows, whole, missing, refreshed_ms = _joined(told, asked)
        state = self._states[place] = after_reading(before, feed, asked[0].from_ms, missing, refreshed_ms, now_ms)
        self._writer.keep_bill(BillAnswer(*place, rows, now_ms, whole if feed.grain_seconds else None), state)
        health.answered(now_ms)

    async def _asked(
        self, provider: Provider, feed: Feed, billing: Billing, asked: tuple[Span, ...], now_ms: int
    ) -> list[Told]:
        account = Account(
            provider.name,
            resolve(billing.key, self._environ),
            billing.url or "",
            dict(billing.filters),
            billing.usd_per_unit(now_ms),
        )
        return [await walk(provider, feed, account, span, self._egress) for span in asked]


def _declared(state: FeedState, provider: Provider, feed: Feed, billing: Billing) -> FeedState:
    """What was read before, under what the feed and its configuration are now."""
    return replace(
        state,
        kind=feed.kind,
        scope="part" if provider.scope == "org" and billing.filters else provider.scope,
        finer=feed in provider.finer,
        every_seconds=feed.every_seconds,
        lag_seconds=feed.lag_seconds,
    )


def _joined(
    told: list[Told], asked: tuple[Span, ...]
) -> tuple[tuple[BillRow, ...], tuple[int, int] | None, tuple[str, ...], int | None]:
    """Rows of all spans; the span that was read completely, what was missing, up to when figures are complete."""
    rows = tuple(row for each in told for row in each.rows)
    whole = (asked[0].from_ms, asked[-1].until_ms) if all(each.whole for each in told) else None
    missing = tuple(dict.fromkeys(note for each in told for note in each.missing))
    return rows, whole, missing, told[-1].refreshed_ms
