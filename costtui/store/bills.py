"""What faces ask of providers' bills in telemetry.db: lines with the history of what was said, levels, feeds."""

import contextlib
import sqlite3
from collections.abc import Collection, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from costtui.domain.bill import BilledLine, UsedLine
from costtui.domain.billed import Adjustment, FeedState, KeptLevel, KeptLine
from costtui.domain.money import NanoUsd
from costtui.store.bill_tables import LEVELS, LINE, dimensions, usage_of
from costtui.store.place import TELEMETRY

_feed = msgspec.json.Decoder(FeedState)


class BillReader:
    """A reader of one state directory. A database that is missing, locked or damaged answers with nothing."""

    def __init__(self, state_dir: Path) -> None:
        self._path = (state_dir / TELEMETRY).absolute()

    def lines(
        self, from_ms: int, until_ms: int, *, provider: str | None = None, as_of_ms: int | None = None
    ) -> list[KeptLine]:
        """The newest word on each line whose bucket begins within the span; `as_of_ms`: as it was known then.

        Lines of different feeds may tell the same money twice: choose one feed before you add.
        """
        rows = self._rows(
            f"select {LINE}, max(id) from bill_lines where from_ms >= ? and from_ms < ?"  # noqa: S608 - the names are ours
            " and (? is null or provider = ?) and (? is null or as_of_ms <= ?)"
            " group by provider, feed, from_ms, until_ms, dims",
            (from_ms, until_ms, provider, provider, as_of_ms, as_of_ms),
        )
        return [_line(row) for row in rows]

    def history(self, provider: str, feed: str, from_ms: int, until_ms: int) -> list[KeptLine]:
        """Every word on the lines whose bucket begins within the span, oldest first."""
        rows = self._rows(
            f"select {LINE} from bill_lines where provider = ? and feed = ? and from_ms >= ? and from_ms < ?"  # noqa: S608 - ours
            " order by id",
            (provider, feed, from_ms, until_ms),
        )
        return [_line(row) for row in rows]

    def adjustments(self, since_ms: int, limit: int = 500) -> list[Adjustment]:
        """What changed at or after `since_ms` on lines that had been said before, newest first."""
        rows = self._rows(
            f"select {LINE}, nano_before, as_of_before from (select *, lag(nano) over said as nano_before,"  # noqa: S608
            " lag(as_of_ms) over said as as_of_before from bill_lines"
            " window said as (partition by provider, feed, from_ms, until_ms, dims order by id))"
            " where as_of_ms >= ? and as_of_before is not null order by id desc limit ?",
            (since_ms, limit),
        )
        return [Adjustment(_line(row), None if row[10] is None else NanoUsd(row[10]), row[11]) for row in rows]

    def used(self, from_ms: int, until_ms: int, *, provider: str | None = None) -> list[tuple[str, UsedLine]]:
        """Usage series by provider; buckets that begin within the span."""
        rows = self._rows(
            "select provider, from_ms, until_ms, dims, usage, requests from bill_used where from_ms >= ?"
            " and from_ms < ?"
            " and (? is null or provider = ?)",
            (from_ms, until_ms, provider, provider),
        )
        return [
            (name, UsedLine(begin, end, usage_of(usage), requests, dimensions(dims)))
            for name, begin, end, dims, usage, requests in rows
        ]

    def levels(self) -> list[KeptLevel]:
        """The newest word on each balance, rented thing and limit."""
        rows = self._rows(
            "select provider, feed, kind, body, since_ms, at_ms, max(id) from bill_levels"
            " group by provider, feed, kind, name"
        )
        found = []
        for provider, feed, kind, body, since_ms, at_ms, _ in rows:
            with contextlib.suppress(msgspec.MsgspecError):
                found.append(KeptLevel(provider, feed, msgspec.json.decode(body, type=LEVELS[kind]), since_ms, at_ms))
        return found

    def burns(self, provider: str, name: str) -> list[KeptLevel]:
        """One rented thing as it was over time, oldest first."""
        rows = self._rows(
            "select provider, feed, kind, body, since_ms, at_ms from bill_levels where provider = ? and kind = 'burn'"
            " and name = ? order by id",
            (provider, name),
        )
        found = []
        for provider_, feed, kind, body, since_ms, at_ms in rows:
            with contextlib.suppress(msgspec.MsgspecError):
                found.append(KeptLevel(provider_, feed, msgspec.json.decode(body, type=LEVELS[kind]), since_ms, at_ms))
        return found

    def feeds(self) -> dict[tuple[str, str], FeedState]:
        """How each feed is doing, by provider and feed."""
        found = {}
        for (body,) in self._rows("select body from bill_feeds order by provider, feed"):
            with contextlib.suppress(msgspec.MsgspecError):
                state = _feed.decode(body)
                found[state.provider, state.feed] = state
        return found

    def _rows(self, query: str, arguments: Sequence[object] = ()) -> list[Any]:
        try:
            with contextlib.closing(
                sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=1)
            ) as connection:
                connection.execute("pragma query_only = on")
                return connection.execute(query, arguments).fetchall()
        except sqlite3.Error:
            return []


def _line(row: Sequence[Any]) -> KeptLine:
    provider, feed, from_ms, until_ms, dims, nano, quantity, unit, gone, as_of_ms = row[:10]
    line = BilledLine(
        from_ms,
        until_ms,
        None if nano is None else NanoUsd(nano),
        dimensions(dims),
        None if quantity is None else Decimal(quantity),
        unit,
    )
    return KeptLine(provider, feed, line, as_of_ms, bool(gone))


def one_feed(lines: Collection[KeptLine], order: Sequence[str]) -> list[KeptLine]:
    """Of the first feed of `order` that has any line, so that money which two feeds tell is counted once."""
    for feed in order:
        if found := [line for line in lines if line.feed == feed]:
            return found
    return list(lines) if not order else []
