"""What any face asks of ledger.db: read-only, every query named for its question, no cursor left open."""

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from costtui.domain.attempt import Attempt, Lane, Outcome
from costtui.domain.clean import clean
from costtui.store.ledger.months import sealed_files
from costtui.store.ledger.rollup import ENDED
from costtui.store.ledger.rows import Answer, LatencyRow, RateRow, RecentAttempt, SpendRow
from costtui.store.ledger.schema import LEDGER, OUTCOMES
from costtui.store.ledger.spend import fold, label_of, large_sums, seq_range, sums_of, wide_range
from costtui.store.ledger.stored import SPELT, attempt_of

BUSY_SECONDS = 0.5
HOUR_MS = 3_600_000
LATENCY_ATTEMPTS = 10_000
ANSWERS = 5_000
NO_LANE = Lane("?", "?", "?", False, "?", "?", "", "", "")
Told = TypeVar("Told")


class LedgerReader:
    """A reader of one state directory. A ledger that is missing, locked or damaged answers with nothing.

    It follows a ledger that is sealed, replaced or made anew: the file is opened again when its inode changes.
    """

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._path = state_dir / LEDGER
        self._connection: sqlite3.Connection | None = None
        self._watch: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._version: int | None = None
        self._lanes: dict[int, Lane] = {}

    def close(self) -> None:
        """Let go of the file."""
        for connection in (self._connection, self._watch):
            if connection is not None:
                connection.close()
        self._connection = self._watch = self._version = None
        self._lanes.clear()

    def changed(self) -> bool:
        """True when anything was committed since the last call; 3 us on a connection of its own."""
        self._follow()
        if self._identity is None:
            return False
        with contextlib.suppress(sqlite3.Error):
            if self._watch is None:
                self._watch = _open(self._path)
            version = self._watch.execute("pragma data_version").fetchone()[0]
            before, self._version = self._version, version
            return bool(version != before)
        return False

    def readable(self) -> bool:
        """Whether there is a ledger that answers: where nothing may be taken for nothing spent."""
        return self._ask(lambda connection: bool(connection.execute("select count(*) from closed").fetchone()), False)

    def spend(self, from_ms: int, to_ms: int, by: Sequence[str], *, bucket_ms: int = 0) -> list[SpendRow]:
        """Sums of what settled within [from, to), by any of DIMENSIONS; buckets of `bucket_ms` count from `from_ms`.

        An attempt belongs to the moment it ended. Exact at any edge while the attempts themselves are kept (35 days),
        then at edges that are whole quarters of an hour. Largest known cost first, buckets in order of time. Raises
        ValueError for a dimension that is not kept.
        """
        label_of(by)

        def asked(connection: sqlite3.Connection) -> list[SpendRow]:
            rows = sums_of(connection, self._of_every_file, from_ms, to_ms, bucket_ms)
            return fold(rows, self._lane, by, from_ms, bucket_ms)

        return self._ask(asked, [])

    def large(self, from_ms: int, to_ms: int, by: Sequence[str], above: Sequence[int]) -> list[SpendRow]:
        """Sums as of `spend`, only of attempts whose input is more than the least of `above`, and only while they
        are kept (`all_kept`). Last of the labels is the largest of `above` that the input is more than.

        9 ms for 100,000 attempts of the span, and 1.4 us for each large one.
        """

        def asked(connection: sqlite3.Connection) -> list[SpendRow]:
            rows = large_sums(connection, self._of_every_file, from_ms, to_ms, above)
            return fold(rows, self._lane, (*by, "bucket"), 0, 1)

        return self._ask(asked, [])

    def all_kept(self, from_ms: int, to_ms: int) -> bool:
        """Whether every attempt of the span is still there, not only its sums."""

        def asked(connection: sqlite3.Connection) -> bool:
            numbers = wide_range(connection, from_ms, to_ms)
            oldest = [row[0] for row in self._of_every_file("select min(seq) from attempt", ()) if row[0] is not None]
            return numbers is None or (bool(oldest) and min(oldest) <= numbers[0])

        return self._ask(asked, False)

    def recent(self, limit: int, before_id: int | None = None) -> list[RecentAttempt]:
        """The newest attempts, newest first, without their tags; `before_id` is the last attempt_id of the page
        before."""
        query = (
            f"select {SPELT}, route, target, provider, self_hosted, model, operation, key_id, price_model, prices_hash"  # noqa: S608
            " from attempt join lanes on lanes.id = attempt.lane where attempt_id < ?"
            " order by attempt_id desc limit ?"
        )
        rows = self._of_every_file(query, (before_id or (1 << 63) - 1, limit), enough=limit)
        return [_recent(row) for row in rows[:limit]]

    def latency(self, from_ms: int, to_ms: int, by: Sequence[str]) -> list[LatencyRow]:
        """Time to the first byte over the newest 10,000 attempts of the span that have one, slowest first."""
        label = label_of(by)

        def asked(connection: sqlite3.Connection) -> list[LatencyRow]:
            numbers = seq_range(connection, from_ms, to_ms)
            times: dict[tuple[str, ...], list[int]] = {}
            for lane, provenance, ttft_ms in self._timed(numbers, from_ms, to_ms) if numbers else ():
                times.setdefault(label(self._lane(lane), provenance, from_ms), []).append(ttft_ms)
            return sorted(
                (LatencyRow(labels, len(found), _rank(found, 50), _rank(found, 95)) for labels, found in times.items()),
                key=lambda row: -row.p95_ms,
            )

        return self._ask(asked, [])

    def answers(self, from_ms: int, to_ms: int) -> list[Answer]:
        """The newest 5,000 whole answers of the span, of these what APIs wrote: 8 ms."""

        def asked(connection: sqlite3.Connection) -> list[Answer]:
            numbers = wide_range(connection, from_ms, to_ms)
            rows = self._ended(numbers, from_ms, to_ms) if numbers else []
            found = [(self._lane(lane), flags, tokens) for lane, flags, tokens in rows]
            return [Answer(to.route, to.target, flags & 1 == 1, n) for to, flags, n in found if not to.self_hosted]

        return self._ask(asked, [])

    def _ended(self, numbers: tuple[int, int], from_ms: int, to_ms: int) -> list[Any]:
        query = (
            "select lane, flags, output_tokens from attempt where seq between ? and ? and outcome = ?"  # noqa: S608
            f" and {ENDED} >= ? and {ENDED} < ? order by seq desc limit {ANSWERS}"
        )
        well = OUTCOMES.index(Outcome.OK)
        return self._of_every_file(query, (*numbers, well, from_ms, to_ms), enough=ANSWERS)[:ANSWERS]

    def _timed(self, numbers: tuple[int, int], from_ms: int, to_ms: int) -> list[Any]:
        query = (
            "select lane, provenance, ttft_ms from attempt where seq between ? and ?"  # noqa: S608 - the name is ours
            f" and ttft_ms is not null and {ENDED} >= ? and {ENDED} < ? order by seq desc limit {LATENCY_ATTEMPTS}"
        )
        return self._of_every_file(query, (*numbers, from_ms, to_ms), enough=LATENCY_ATTEMPTS)[:LATENCY_ATTEMPTS]

    def rate(self, from_ms: int, to_ms: int) -> list[RateRow]:
        """What each API provider costs per hour at the pace of the span; self-hosted targets are not in it."""
        span_ms = max(to_ms - from_ms, 1)
        return [
            RateRow(row.labels[0], None if row.nano is None else row.nano * HOUR_MS // span_ms, row.unpriced)
            for row in self.spend(from_ms, to_ms, ("provider",))
            if not row.self_hosted
        ]

    def _lane(self, number: int) -> Lane:
        if number not in self._lanes and self._connection is not None:
            rows = self._connection.execute(
                "select id, route, target, provider, self_hosted, model, operation, key_id, price_model, prices_hash,"
                " tag from lanes"
            ).fetchall()
            self._lanes = {row[0]: _lane(row[1:]) for row in rows}
        return self._lanes.get(number, NO_LANE)

    def _of_every_file(self, query: str, arguments: Sequence[int], enough: int | None = None) -> list[Any]:
        """Rows of the ledger, then of the sealed months, newest first, until there are `enough`."""
        rows: list[Any] = self._ask(lambda connection: connection.execute(query, arguments).fetchall(), [])
        for path in reversed(sealed_files(self._state_dir)):
            if enough is not None and len(rows) >= enough:
                break
            with contextlib.suppress(sqlite3.Error), contextlib.closing(_open(path, "&immutable=1")) as connection:
                rows += connection.execute(query, arguments).fetchall()
        return rows

    def _ask(self, question: Callable[[sqlite3.Connection], Told], nothing: Told) -> Told:
        """The answer; `nothing` where there is no ledger to ask."""
        self._follow()
        for _ in range(2):
            try:
                if self._connection is None:
                    self._connection = _open(self._path)
                return question(self._connection)
            except (sqlite3.Error, UnicodeDecodeError):  # a damaged schema is quoted, undecodable, in the message
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None
        return nothing

    def _follow(self) -> None:
        try:
            found = self._path.stat()
        except OSError:
            identity = None
        else:
            identity = found.st_dev, found.st_ino
        if identity != self._identity:
            self.close()
            self._identity = identity


def _open(path: Path, more: str = "") -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro{more}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("pragma query_only = on")
    return connection


def _lane(fields: Sequence[Any]) -> Lane:
    route, target, provider, self_hosted, *rest = fields
    texts = [clean(text) for text in (route, target, provider)]
    known = (*texts, bool(self_hosted), *(clean(text) for text in rest), "")
    return Lane._make(known[: len(Lane._fields)])  # without its tag where nobody asked for that


def _recent(row: Any) -> RecentAttempt:
    attempt: Attempt = attempt_of(row[:-9])
    return RecentAttempt(
        attempt._replace(user_id=clean(attempt.user_id), reason=clean(attempt.reason, 500)), _lane(row[-9:])
    )


def _rank(values: list[int], percent: int) -> int:
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[-(-len(ordered) * percent // 100) - 1]
