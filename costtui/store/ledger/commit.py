"""One group commit: rows, new lanes, one link and the rollups in one FULL transaction."""

import contextlib
import sqlite3
from collections.abc import Sequence

from costtui.domain.attempt import Attempt, Lane
from costtui.store.ledger.chain import head_of, link_hash
from costtui.store.ledger.record import encode, encode_lane, fits, without_figures
from costtui.store.ledger.rollup import add_rows
from costtui.store.ledger.schema import COLUMNS, OUTCOMES, PROVENANCES, SOURCES

Row = tuple[Attempt, bytes]
"""An attempt and its encoding."""
SIZES = (128, 32, 8, 1)
"""Rows a statement: binding 128 rows takes the interpreter once, and inserting them leaves it free."""
TEXTS_KNOWN = 8_192
_OUTCOME = {each: number for number, each in enumerate(OUTCOMES)}
_SOURCE = {each: number for number, each in enumerate(SOURCES)}
_PROVENANCE = {each: number for number, each in enumerate(PROVENANCES)}
_NO_CHARGE = (None,) * 5
_ROW = f"({', '.join('?' * len(COLUMNS))})"
_INSERT = {
    size: f"insert into attempt ({', '.join(COLUMNS)}) values {', '.join([_ROW] * size)}"  # noqa: S608 - ours
    for size in SIZES
}
UNKNOWN_LANE = Lane("?", "?", "?", False, "?", "?", "", "", "")
"""Of an attempt whose spool lost its lane's record."""


class Committer:
    """Knows the numbers of lanes and texts, so that a commit asks for none twice."""

    def __init__(self, connection: sqlite3.Connection, lanes: dict[int, Lane]) -> None:
        self._connection = connection
        self._lanes = lanes
        """Every lane that this process or a spool has named, by number."""
        self._lane_ids: dict[int, int] = {}
        self._text_ids: dict[str, int] = {"": 0}

    def commit(self, rows: Sequence[Row]) -> int:
        """Write what of `rows` is not there yet; returns how many that were. Raises sqlite3.Error, and nothing is."""
        try:
            return self._transact(rows)
        except (sqlite3.IntegrityError, OverflowError):
            return self._transact(self._sound(rows))
        except sqlite3.OperationalError as error:
            if "integer overflow" not in str(error):
                raise
            return self._transact(self._sound(rows))

    def _transact(self, rows: Sequence[Row]) -> int:
        if not rows:
            return 0
        self._connection.execute("begin immediate")
        try:
            self._write(rows)
            self._connection.execute("commit")
        except BaseException:
            self._lane_ids.clear()
            self._text_ids = {"": 0}
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("rollback")
            raise
        return len(rows)

    def _sound(self, rows: Sequence[Row]) -> list[Row]:
        """Without what is there already and without figures that cannot be kept."""
        first = {attempt.attempt_id: (attempt, payload) for attempt, payload in reversed(rows)}
        there = self._there(list(first))
        kept: list[Row] = []
        for attempt_id, (attempt, payload) in reversed(first.items()):
            if attempt_id in there:
                continue
            if fits(attempt):
                kept.append((attempt, payload))
            else:
                bare = without_figures(attempt)
                kept.append((bare, encode(bare)))
        return kept

    def _there(self, ids: Sequence[int]) -> set[int]:
        found: set[int] = set()
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            query = f"select attempt_id from attempt where attempt_id in ({', '.join('?' * len(part))})"  # noqa: S608
            found.update(row[0] for row in self._connection.execute(query, part).fetchall())
        return found

    def _write(self, rows: Sequence[Row]) -> None:
        head = head_of(self._connection)
        first = head.seq + 1
        lanes = self._name_lanes(rows, first)
        values = self._values(rows, first)
        self._insert(values)
        digest = link_hash(head.hash, first, len(rows), lanes, [payload for _, payload in rows])
        self._connection.execute(
            "insert into link (first_seq, count, hash) values (?, ?, ?)", (first, len(rows), digest)
        )
        oldest_ms = min(attempt.started_ms + attempt.duration_ms for attempt, _ in rows)
        add_rows(self._connection, first, head.seq + len(rows), oldest_ms)

    def _insert(self, values: list[int | None]) -> None:
        place = 0
        for size in SIZES:
            width = size * len(COLUMNS)
            while len(values) - place >= width:
                self._connection.execute(_INSERT[size], values[place : place + width])
                place += width

    def _values(self, rows: Sequence[Row], first: int) -> list[int | None]:
        """Every column of every row, one after the other, as the statements bind them."""
        lane_ids, text = self._lane_ids, self._text
        values: list[int | None] = []
        for seq, (attempt, _) in enumerate(rows, first):
            (attempt_id, request_id, lane, started_ms, duration_ms, ttft_ms, outcome, status, stream,
             usage, source, disputed, charge, provenance, saved_nano, user_id, reason) = attempt  # fmt: skip
            *counts, tier, reported_nano = usage
            values += (seq, attempt_id, request_id, lane_ids[lane], started_ms, duration_ms, ttft_ms)
            values += (_OUTCOME[outcome], status, stream + 2 * disputed)
            values += counts
            values += (text(tier) if tier else 0, reported_nano, _SOURCE[source])
            values += charge or _NO_CHARGE
            values += (_PROVENANCE[provenance], saved_nano, text(user_id) if user_id else 0, text(reason))
        return values

    def _name_lanes(self, rows: Sequence[Row], link: int) -> list[bytes]:
        """Make sure that every lane has a row; returns the records of the new ones, in order."""
        known = self._lane_ids
        missing = dict.fromkeys(attempt.lane for attempt, _ in rows if attempt.lane not in known)
        new: list[bytes] = []
        for number in missing:
            found = self._connection.execute("select id from lanes where number = ?", (number,)).fetchone()
            if found is None:
                lane = self._lanes.get(number, UNKNOWN_LANE)
                known[number] = self._connection.execute(
                    "insert into lanes (number, link, route, target, provider, self_hosted, model, operation, key_id,"
                    " price_model, prices_hash, tag) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
                    (number, link, *lane),
                ).fetchone()[0]
                new.append(encode_lane(number, lane))
            else:
                known[number] = found[0]
        return new

    def _text(self, text: str) -> int:
        number = self._text_ids.get(text)
        if number is None:
            number = self._number_text(text)
        return number

    def _number_text(self, text: str) -> int:
        if len(self._text_ids) > TEXTS_KNOWN:
            self._text_ids = {"": 0}
        found = self._connection.execute("select id from texts where text = ?", (text,)).fetchone()
        if found is None:
            found = self._connection.execute("insert into texts (text) values (?) returning id", (text,)).fetchone()
        number: int = found[0]
        self._text_ids[text] = number
        return number
