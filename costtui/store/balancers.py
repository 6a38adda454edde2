"""What load balancers acknowledged, in telemetry.db: one row whenever it becomes different."""

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from costtui.domain.balancer import Ack
from costtui.store.place import TELEMETRY

KEPT_ROWS = 10_000
"""A change by hand makes two."""
_NEWEST = "select body from balancer_acks where id in (select max(id) from balancer_acks group by balancer)"
_HISTORY = "select body from balancer_acks where balancer = ? order by id desc limit ?"
_decoder = msgspec.json.Decoder(Ack)


def write_ack(connection: sqlite3.Connection, ack: Ack) -> None:
    """Keep one."""
    connection.execute(
        "insert into balancer_acks (balancer, at_ms, state, revision, body) values (?, ?, ?, ?, ?)",
        (ack.balancer, ack.at_ms, ack.state.value, ack.orders.revision, msgspec.json.encode(ack).decode()),
    )
    connection.execute(f"delete from balancer_acks where id <= (select max(id) from balancer_acks) - {KEPT_ROWS}")  # noqa: S608 - a constant


def newest_acks(state_dir: Path) -> dict[str, Ack]:
    """The last of each balancer by its name; none where no agent ran yet or its database cannot be read."""
    return {ack.balancer: ack for ack in _acks(state_dir, _NEWEST, ())}


def ack_history(state_dir: Path, balancer: str, limit: int = 20) -> list[Ack]:
    """What one balancer acknowledged, newest first."""
    return _acks(state_dir, _HISTORY, (balancer, limit))


def _acks(state_dir: Path, query: str, arguments: Sequence[str | int]) -> list[Ack]:
    path = (state_dir / TELEMETRY).absolute()
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            rows = connection.execute(query, arguments).fetchall()
        return [_decoder.decode(body) for (body,) in rows]
    except (sqlite3.Error, msgspec.MsgspecError):
        return []
