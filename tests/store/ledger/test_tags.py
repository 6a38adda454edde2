"""Tags came to the ledger later: what was written before stays as it was."""

import contextlib
import hashlib
import sqlite3
from pathlib import Path

from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.record import encode, encode_lane, lane_number, unframe
from costtui.store.ledger.schema import LEDGER, STEPS, migrate
from costtui.store.ledger.spool import SPOOL, spool_files
from costtui.store.ledger.verify import verify
from tests.store.ledger.made import LANES, NOON_MS, attempt, begin, written

TAGGED = LANES[0]._replace(tag="night-batch")


def test_a_lane_without_a_tag_has_the_number_and_the_bytes_that_it_always_had() -> None:
    before = tuple(LANES[0])[:9]
    assert encode_lane(7, LANES[0]) == encode((7, before))
    assert lane_number(LANES[0]) == int.from_bytes(hashlib.sha256(encode(before)).digest()[:6])
    assert lane_number(TAGGED) != lane_number(LANES[0])


def test_spend_is_kept_by_tag_and_verified_with_it(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    for lane, count in ((LANES[0], 2), (TAGGED, 3)):
        for _ in range(count):
            writer.settle(attempt(writer.new_attempt_id(), writer.lane(lane)))
    assert writer.committed()
    writer.close()
    with contextlib.closing(LedgerReader(tmp_path)) as reader:
        rows = reader.spend(NOON_MS - 1_000, NOON_MS + 1, ("tag",))
    assert {row.labels[0]: row.attempts for row in rows} == {"": 2, "night-batch": 3}
    assert verify(tmp_path) == []
    with contextlib.closing(sqlite3.connect(tmp_path / LEDGER)) as connection, connection:
        connection.execute("drop trigger lanes_no_update")
        connection.execute("update lanes set tag = 'other' where tag != ''")
    assert verify(tmp_path), "a changed tag is found"


def test_a_ledger_from_before_tags_is_brought_up_to_date_and_stays_sound(tmp_path: Path) -> None:
    written(tmp_path, [attempt(1, 0), attempt(2, 1)])
    with contextlib.closing(sqlite3.connect(tmp_path / LEDGER, isolation_level=None)) as connection:
        connection.execute("alter table lanes drop column tag")
        connection.execute("pragma user_version = 2")
        assert verify(tmp_path) == [], "it is sound before"
        migrate(connection, STEPS)
        assert connection.execute("select distinct tag from lanes").fetchall() == [("",)]
    assert verify(tmp_path) == []


def test_a_spool_names_tags_too(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    writer.detach()
    for lane in (LANES[0], TAGGED):
        writer.settle(attempt(writer.new_attempt_id(), writer.lane(lane)))
    lanes = [
        record[1]
        for path in spool_files(tmp_path / SPOOL)
        for _, record, _ in unframe(path.read_bytes())
        if isinstance(record[1], type(TAGGED))
    ]
    writer.attach()
    writer.close()
    assert lanes == [LANES[0], TAGGED]
