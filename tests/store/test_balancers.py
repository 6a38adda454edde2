"""What load balancers acknowledged survives the agent."""

import sqlite3
from pathlib import Path

from sqlite_utils import Database

from costtui.domain.balancer import Ack, AckState, Order, Orders, Process, ServerNow
from costtui.store import balancers, schema
from costtui.store.balancers import ack_history, newest_acks
from costtui.store.writer import TelemetryWriter
from tests.store.conftest import NOON_MS


def ack(name: str, revision: int, state: AckState = AckState.APPLIED) -> Ack:
    asked = Orders(revision, (Order("s1", 20), Order("s2", None, drained=True)), "why")
    servers = (ServerNow("s1", 20, 90, status="UP", sessions=3, served=7), ServerNow("s2", 10, 10, drained=True))
    return Ack(name, state, NOON_MS + revision, asked, Process(41, 9), servers, "what", ("s1",), ("s2",))


def test_the_last_word_of_each_balancer_comes_back_whole(tmp_path: Path) -> None:
    writer = TelemetryWriter.open(tmp_path, now_ms=NOON_MS)
    for each in (ack("a", 1, AckState.ASKED), ack("b", 1), ack("a", 1), ack("a", 2, AckState.REFUSED)):
        writer.keep_ack(each).result(10)
    writer.close()
    assert newest_acks(tmp_path) == {"a": ack("a", 2, AckState.REFUSED), "b": ack("b", 1)}
    assert ack_history(tmp_path, "a", 2) == [ack("a", 2, AckState.REFUSED), ack("a", 1)]


def test_history_is_bounded(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "telemetry.db", isolation_level=None)
    schema.migrate(Database(connection))
    connection.execute(
        "insert into balancer_acks values (20000, 'a', 1, 'applied', 1, '{}'), (20001, 'a', 1, '', 1, '')"
    )
    connection.execute("insert into balancer_acks values (5, 'a', 1, 'applied', 1, '{}')")
    balancers.write_ack(connection, ack("a", 3))
    assert connection.execute("select count(*) from balancer_acks").fetchone() == (3,)
    connection.close()


def test_a_store_without_one_or_with_a_body_of_another_shape_answers_with_none(tmp_path: Path) -> None:
    assert newest_acks(tmp_path) == {}
    connection = sqlite3.connect(tmp_path / "telemetry.db", isolation_level=None)
    assert newest_acks(tmp_path) == {}
    schema.migrate(Database(connection))
    connection.execute("insert into balancer_acks values (1, 'a', 1, 'applied', 1, '{\"balancer\": 4}')")
    connection.close()
    assert newest_acks(tmp_path) == {}


def test_a_store_of_an_earlier_version_gets_the_table(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "telemetry.db", isolation_level=None)
    schema.migrate(Database(connection), schema.STEPS[:2])
    connection.close()
    writer = TelemetryWriter.open(tmp_path, now_ms=NOON_MS)
    writer.keep_ack(ack("a", 1)).result(10)
    writer.close()
    assert newest_acks(tmp_path) == {"a": ack("a", 1)}
