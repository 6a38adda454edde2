"""The statements that put one value into an open transaction."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from costtui.domain.alert import OpenAlert
from costtui.domain.gpu import GpuState
from costtui.domain.terms import Adjustment, KeptTerms, Session
from costtui.domain.tick import EngineCursor, EngineTick, GpuTick
from costtui.store.buckets import GRAINS, LONG_SPAN_MS, SECONDS, Grain, pieces, share
from costtui.store.holders import write_holder
from costtui.store.rows import Event, KnownGpu, Second
from costtui.store.text import terms_text

STATES = (
    GpuState.BUSY,
    GpuState.LOW,
    GpuState.IDLE_LOADED,
    GpuState.EMPTY,
    GpuState.OTHER,
    GpuState.LOST,
    GpuState.UNKNOWN,
)
"""In the order of the columns."""

_GPU_SUMS = (
    *("busy_ms", "low_ms", "idle_loaded_ms", "empty_ms", "other_ms", "lost_ms", "unknown_ms"),
    *("utilization_ms", "utilization_sum", "power_ms", "power_sum", "energy_mj", "energy_ms", "energy_estimated_ms"),
)
_GPU_PEAKS = ("memory_bytes", "temperature_celsius")
_ENGINE_SUMS = (
    *("observed_ms", "worked_ms", "input_tokens", "output_tokens", "cached_input_tokens"),
    *("gap_input_tokens", "gap_output_tokens", "gap_cached_input_tokens"),
    *("prefix_cache_queries", "prefix_cache_hits"),
)
_ENGINE_PEAKS = ("running_max", "waiting_max", "kv_usage_max")


def _upsert(table: str, owner: str, sums: tuple[str, ...], peaks: tuple[str, ...]) -> str:
    columns = [owner, "bucket", *sums, *peaks]
    updates = [f"{name} = {name} + excluded.{name}" for name in sums]
    updates += [f"{name} = max(coalesce({name}, excluded.{name}), coalesce(excluded.{name}, {name}))" for name in peaks]
    marks = ", ".join("?" * len(columns))
    return (
        f"insert into {table} ({', '.join(columns)}) values ({marks})"  # noqa: S608 - the names are ours
        f" on conflict (bucket, {owner}) do update set {', '.join(updates)}"
    )


_GPU_UPSERT = {grain: _upsert(f"gpu_{grain.name}", "gpu", _GPU_SUMS, _GPU_PEAKS) for grain in GRAINS}
_ENGINE_UPSERT = {grain: _upsert(f"engine_{grain.name}", "engine", _ENGINE_SUMS, _ENGINE_PEAKS) for grain in GRAINS}
Row = tuple[int | float | None, ...]


class Ids:
    """Small numbers for GPUs and engines; read once, then remembered until the database is another one."""

    def __init__(self) -> None:
        self._gpus: dict[str, int] = {}
        self._engines: dict[str, int] = {}

    def gpu(self, connection: sqlite3.Connection, uuid: str, at_ms: int) -> int:
        """Of a GPU; one that was never introduced gets a bare row."""
        if uuid not in self._gpus:
            connection.execute(
                "insert into gpus (uuid, gpu_index, name, first_seen_ms, last_seen_ms, state, state_since_ms)"
                " values (?, -1, '', ?, ?, 'unknown', ?) on conflict (uuid) do nothing",
                (uuid, at_ms, at_ms, at_ms),
            )
            self._gpus[uuid] = connection.execute("select id from gpus where uuid = ?", (uuid,)).fetchone()[0]
        return self._gpus[uuid]

    def engine(self, connection: sqlite3.Connection, name: str) -> int:
        """Of an engine."""
        if name not in self._engines:
            connection.execute("insert into engines (name) values (?) on conflict (name) do nothing", (name,))
            self._engines[name] = connection.execute("select id from engines where name = ?", (name,)).fetchone()[0]
        return self._engines[name]

    def forget(self) -> None:
        """After a rollback or in another database nothing of it need be true."""
        self._gpus.clear()
        self._engines.clear()


def _grains(span_ms: int) -> Iterator[Grain]:
    return (grain for grain in GRAINS if grain is not SECONDS or span_ms <= LONG_SPAN_MS)


def _gpu_row(tick: GpuTick, begin: int, end: int) -> Row:
    span, length = tick.span_ms, end - begin
    utilization, power, energy = tick.utilization_percent, tick.power_milliwatts, tick.energy_millijoules
    return (
        *(length if tick.state is state else 0 for state in STATES),
        0 if utilization is None else length,
        0 if utilization is None else utilization * length,
        0 if power is None else length,
        0 if power is None else power * length,
        0 if energy is None else share(energy, begin, end, span),
        0 if energy is None else length,
        length if tick.energy_estimated and energy is not None else 0,
        tick.memory_used_bytes,
        tick.temperature_celsius,
    )


def write_gpu(connection: sqlite3.Connection, ids: Ids, tick: GpuTick) -> None:
    """One GPU's span into every grain. A span of no length with energy keeps the energy in its last second."""
    number = ids.gpu(connection, tick.uuid, tick.at_ms)
    if tick.span_ms <= 0:
        if tick.energy_millijoules:
            row: Row = (*(0,) * 11, tick.energy_millijoules, 0, 0, None, None)
            for grain in GRAINS:
                connection.execute(_GPU_UPSERT[grain], (number, (tick.at_ms - 1) // grain.size_ms, *row))
        return
    for grain in _grains(tick.span_ms):
        for bucket, begin, end in pieces(tick.at_ms, tick.span_ms, grain.size_ms):
            connection.execute(_GPU_UPSERT[grain], (number, bucket, *_gpu_row(tick, begin, end)))


def write_engine(connection: sqlite3.Connection, ids: Ids, tick: EngineTick) -> None:
    """One engine's span into every grain; tokens of a gap go where the gap ended."""
    number = ids.engine(connection, tick.engine)
    gauges = (tick.running, tick.waiting, tick.kv_usage_ratio)
    gaps = (tick.gap_input_tokens, tick.gap_output_tokens, tick.gap_cached_input_tokens)
    for grain in _grains(tick.span_ms):
        for bucket, begin, end in pieces(tick.at_ms, tick.span_ms, grain.size_ms):
            counters = (tick.worked_ms, tick.input_tokens, tick.output_tokens, tick.cached_input_tokens)
            shares = [share(counter, begin, end, tick.span_ms) for counter in counters]
            prefix = [
                share(counter, begin, end, tick.span_ms)
                for counter in (tick.prefix_cache_queries, tick.prefix_cache_hits)
            ]
            last = gaps if end == tick.span_ms else (0, 0, 0)
            connection.execute(_ENGINE_UPSERT[grain], (number, bucket, end - begin, *shares, *last, *prefix, *gauges))
    if tick.span_ms <= 0 and any(gaps):
        for grain in GRAINS:
            row = (number, (tick.at_ms - 1) // grain.size_ms, 0, 0, 0, 0, 0, *gaps, 0, 0, *gauges)
            connection.execute(_ENGINE_UPSERT[grain], row)


def write_known(connection: sqlite3.Connection, gpu: KnownGpu) -> None:
    """Who a GPU is and what it does."""
    connection.execute(
        "insert into gpus (uuid, gpu_index, name, first_seen_ms, last_seen_ms, state, state_since_ms)"
        " values (?, ?, ?, ?, ?, ?, ?) on conflict (uuid) do update set gpu_index = excluded.gpu_index,"
        " name = excluded.name, first_seen_ms = min(first_seen_ms, excluded.first_seen_ms),"
        " last_seen_ms = excluded.last_seen_ms, state = excluded.state, state_since_ms = excluded.state_since_ms",
        (gpu.uuid, gpu.index, gpu.name, gpu.first_seen_ms, gpu.last_seen_ms, gpu.state.value, gpu.state_since_ms),
    )


def cursor_text(cursor: EngineCursor) -> str:
    """A cursor as JSON."""
    fields: dict[str, Any] = asdict(cursor)
    fields["absent"] = sorted(cursor.absent)
    return json.dumps(fields)


def write_session(connection: sqlite3.Connection, session: Session) -> None:
    """The stretch that the host has been on."""
    connection.execute(
        "insert into sessions (boot_id, boot_ms, last_heartbeat_ms) values (?, ?, ?) on conflict (boot_id)"
        " do update set last_heartbeat_ms = max(last_heartbeat_ms, excluded.last_heartbeat_ms)",
        (session.boot_id, session.boot_ms, session.last_heartbeat_ms),
    )


def write_second(connection: sqlite3.Connection, ids: Ids, second: Second) -> None:
    """All of one tick."""
    for known in second.known:
        write_known(connection, known)
    for gpu in second.gpus:
        write_gpu(connection, ids, gpu)
    for engine in second.engines:
        write_engine(connection, ids, engine)
    for cursor in second.cursors:
        number = ids.engine(connection, cursor.engine)
        connection.execute("update engines set cursor = ? where id = ?", (cursor_text(cursor), number))
    for holder in second.holders:
        write_holder(connection, ids.gpu(connection, holder.uuid, second.at_ms), holder)
    if second.session is not None:
        write_session(connection, second.session)


def write_status(connection: sqlite3.Connection, body: bytes, at_ms: int, pid: int) -> None:
    """The newest picture; there is only one."""
    connection.execute("replace into status (id, at_ms, pid, body) values (1, ?, ?, ?)", (at_ms, pid, body))


def write_terms(connection: sqlite3.Connection, uuid: str, kept: KeptTerms) -> None:
    """Terms as they came into force."""
    connection.execute(
        "replace into terms (uuid, recorded_ms, body) values (?, ?, ?)",
        (uuid, kept.recorded_ms, terms_text(kept.terms)),
    )


def write_adjustment(connection: sqlite3.Connection, adjustment: Adjustment) -> None:
    """A correction is a row of its own."""
    connection.execute(
        "insert into adjustments (uuid, at_ms, nano_usd, reason) values (?, ?, ?, ?)",
        (adjustment.uuid, adjustment.at_ms, adjustment.nano_usd, adjustment.reason),
    )


def write_alerts(connection: sqlite3.Connection, alerts: tuple[OpenAlert, ...]) -> None:
    """The open alerts replace those before."""
    connection.execute("delete from alerts")
    connection.executemany(
        "insert into alerts (key, level, text, started_ms, clear_since_ms) values (?, ?, ?, ?, ?)",
        [(alert.key, alert.level, alert.text, alert.started_ms, alert.clear_since_ms) for alert in alerts],
    )


def write_event(connection: sqlite3.Connection, event: Event) -> None:
    """One line of history; the newest 10,000 are kept."""
    connection.execute(
        "insert into events (at_ms, level, text) values (?, ?, ?)", (event.at_ms, event.level, event.text)
    )
    connection.execute("delete from events where id <= (select max(id) from events) - 10000")
