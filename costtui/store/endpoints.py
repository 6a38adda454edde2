"""Orders to endpoints: in controls.db by whoever gives them; what became of them in telemetry.db, by the agent."""

import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from costtui.domain.clean import clean
from costtui.domain.endpoint import ACTIONS, EndpointAck, EndpointOrder
from costtui.store.controls_file import CONTROLS, connect
from costtui.store.controls_writing import AuditRow, audited
from costtui.store.place import TELEMETRY

ACKS = (
    "create table endpoint_acks (order_id integer primary key, at_ms integer not null, done integer not null,"
    " told text not null) strict"
)
KEPT = 200


def add_order(state_dir: Path, order: EndpointOrder) -> EndpointOrder:
    """Write one with its audit row; returns it with its number. Raises StoreError where it cannot be written."""
    fields = (order.provider, order.name, order.action, order.at_ms, order.actor, order.reason)
    row = AuditRow(order.at_ms, order.actor, f"endpoint {order.action}", f"{order.provider}/{order.name}", order.reason)
    statement = "insert into endpoint_orders (provider, name, action, at_ms, actor, reason) values (?, ?, ?, ?, ?, ?)"
    return replace(order, order_id=audited(state_dir / CONTROLS, statement, fields, row))


def orders(state_dir: Path, after_id: int = 0) -> list[EndpointOrder]:
    """The newest ones, oldest first; none where there is no file or it is busy."""
    question = (
        "select order_id, provider, name, action, at_ms, actor, reason from endpoint_orders where order_id > ?"
        " order by order_id desc limit ?"
    )
    try:
        with closing(connect(state_dir / CONTROLS, 0.1)) as connection:
            rows = connection.execute(question, (after_id, KEPT)).fetchall()
    except sqlite3.Error:
        return []
    return [_order(row) for row in reversed(rows) if row[3] in ACTIONS]


def write_ack(connection: sqlite3.Connection, ack: EndpointAck) -> None:
    """Keep one, within the agent's transaction."""
    connection.execute(
        "insert or replace into endpoint_acks (order_id, at_ms, done, told) values (?, ?, ?, ?)",
        (ack.order_id, ack.at_ms, ack.done, clean(ack.told, 300)),
    )


def acks(state_dir: Path) -> dict[int, EndpointAck]:
    """What became of the newest orders, by number."""
    path = (state_dir / TELEMETRY).absolute()
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=1)) as connection,
    ):
        rows = connection.execute(
            "select order_id, at_ms, done, told from endpoint_acks order by order_id desc limit ?", (KEPT,)
        ).fetchall()
        return {row[0]: EndpointAck(row[0], row[1], bool(row[2]), clean(row[3], 300)) for row in rows}
    return {}


def _order(row: Any) -> EndpointOrder:
    order_id, provider, name, action, at_ms, actor, reason = row
    return EndpointOrder(order_id, clean(provider), clean(name), action, at_ms, clean(actor), clean(reason, 300))
