"""Who held each GPU, by quarters of an hour: written a minute at a time, kept for ever."""

import sqlite3
from collections.abc import Iterable

from costtui.domain.clean import clean
from costtui.domain.holder import Holder, HolderTick
from costtui.store.buckets import QUARTERS

SCHEMA = (
    "create table holders (id integer primary key, user text not null, job text not null, unique (user, job)) strict",
    "create table holder_15m (gpu integer not null, bucket integer not null, holder integer not null,"
    " held_ms integer not null check (held_ms >= 0), primary key (bucket, gpu, holder)) strict, without rowid",
)
TOTALS = (
    "select uuid, user, job, sum(held_ms) from holder_15m join gpus on gpus.id = gpu"
    " join holders on holders.id = holder where bucket >= ? and bucket < ?"
    " group by gpu, holder order by uuid, user, job"
)
Totals = dict[str, dict[Holder, int]]
"""Milliseconds by GPU and holder."""


def write_holder(connection: sqlite3.Connection, gpu: int, tick: HolderTick) -> None:
    """Add one tick."""
    user, job = clean(tick.holder.user, 40), clean(tick.holder.job, 40)
    connection.execute("insert into holders (user, job) values (?, ?) on conflict do nothing", (user, job))
    connection.execute(
        "insert into holder_15m (gpu, bucket, holder, held_ms)"
        " values (?, ?, (select id from holders where user = ? and job = ?), ?)"
        " on conflict (bucket, gpu, holder) do update set held_ms = held_ms + excluded.held_ms",
        (gpu, tick.quarter_ms // QUARTERS.size_ms, user, job, tick.held_ms),
    )


def quarters(from_ms: int, to_ms: int) -> tuple[int, int]:
    """First and end bucket of the quarters that begin within [from, to)."""
    return -(-from_ms // QUARTERS.size_ms), -(-to_ms // QUARTERS.size_ms)


def totals_of(rows: Iterable[tuple[str, str, str, int]]) -> Totals:
    """Of the rows of TOTALS."""
    found: Totals = {}
    for uuid, user, job, held_ms in rows:
        found.setdefault(uuid, {})[Holder(clean(user), clean(job))] = held_ms
    return found
