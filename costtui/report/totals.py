"""Totals of a window that ends now: closed time is asked of the store seldom, the last seconds each time."""

from collections.abc import Callable
from dataclasses import fields
from typing import Generic, TypeVar

from costtui.domain.gpu import GpuState
from costtui.domain.tick import EngineTotals, StateTotals

T = TypeVar("T")

SECOND_MS = 1_000
REFRESH_MS = 15_000
CLOSED_REFRESH_MS = 900_000
LAG_MS = 5_000
"""Rows younger than this may still be on their way to the disk and are never cached."""


def add_states(one: StateTotals, other: StateTotals) -> StateTotals:
    """Sum of two windows of one GPU."""
    states = {state: one.milliseconds.get(state, 0) + other.milliseconds.get(state, 0) for state in GpuState}
    return StateTotals(
        states,
        one.energy_millijoules + other.energy_millijoules,
        one.energy_known_ms + other.energy_known_ms,
        one.energy_estimated_ms + other.energy_estimated_ms,
    )


def add_engines(one: EngineTotals, other: EngineTotals) -> EngineTotals:
    """Sum of two windows of one engine."""
    return EngineTotals(*(getattr(one, f.name) + getattr(other, f.name) for f in fields(EngineTotals)))


class RunningTotals(Generic[T]):
    """Totals by name, `since` a moment until now; rebuilt wholly every 15 s, so that a late row is not lost.

    Windows begin and end on whole seconds, as the store's rows do: a mark within a second is moved to its beginning.
    """

    def __init__(self, query: Callable[[int, int], dict[str, T]], add: Callable[[T, T], T]) -> None:
        self._query = query
        self._add = add
        self._key: tuple[int, int] | None = None
        self._base: dict[str, T] = {}
        self._closed: dict[tuple[int, int], tuple[int, dict[str, T]]] = {}

    def since(self, from_ms: int, now_ms: int) -> dict[str, T]:
        """Totals from `from_ms` to now, the present second included."""
        from_ms = from_ms // SECOND_MS * SECOND_MS
        cut = max((now_ms - LAG_MS) // REFRESH_MS * REFRESH_MS, from_ms)
        if self._key != (from_ms, cut):
            self._base = self._query(from_ms, cut) if cut > from_ms else {}
            self._key = (from_ms, cut)
        return self._merged(self._base, self._query(cut, (now_ms // SECOND_MS + 1) * SECOND_MS))

    def closed(self, from_ms: int, to_ms: int, now_ms: int) -> dict[str, T]:
        """Totals of a window that is over, asked again only every quarter of an hour."""
        from_ms, to_ms = (mark // SECOND_MS * SECOND_MS for mark in (from_ms, to_ms))
        slot = now_ms // CLOSED_REFRESH_MS
        known = self._closed.get((from_ms, to_ms))
        if known is not None and known[0] == slot:
            return known[1]
        found = self._query(from_ms, to_ms)
        self._closed = {key: value for key, value in self._closed.items() if value[0] == slot}
        self._closed[from_ms, to_ms] = (slot, found)
        return found

    def _merged(self, base: dict[str, T], recent: dict[str, T]) -> dict[str, T]:
        merged = dict(base)
        for name, totals in recent.items():
            merged[name] = self._add(merged[name], totals) if name in merged else totals
        return merged
