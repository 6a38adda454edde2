"""What the ledger costs: `python -m tests.bench.ledger_size [ROWS]`.

Prints bytes a row (one link a row, as at ten requests a second, and many rows a link), what 35 days at ten requests a
second are in GiB, `settle` in microseconds, CPU of the writing thread a row, `verify` in seconds, and the longest
answer over a year of sums in milliseconds, best of three.
"""

import json
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from costtui.store.ledger.commit import Committer
from costtui.store.ledger.file import open_ledger
from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.record import encode, lane_number
from costtui.store.ledger.rollup import close_buckets
from costtui.store.ledger.rows import Head
from costtui.store.ledger.schema import LEDGER, SUMS
from costtui.store.ledger.verify import verify
from tests.store.ledger.made import LANES, NOON_MS, attempt, begin

if TYPE_CHECKING:
    from collections.abc import Callable

DAY_MS = 86_400_000
ROWS_KEPT = 35 * 86_400 * 10
BASE_ID = 470_000 << 40


def bytes_a_row(rows: int, group: int) -> tuple[float, float]:
    """Bytes a row of the closed file, and CPU microseconds a row of the commits."""
    dice = Random(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / LEDGER
        connection = open_ledger(path, Head(0, bytes(32), 0), "the first")
        connection.execute("pragma synchronous = off")
        numbers = {lane_number(lane): lane for lane in LANES}
        committer, lanes, spent = Committer(connection, numbers), list(numbers), 0
        for first in range(0, rows, group):
            made = [
                attempt(
                    BASE_ID + number,
                    dice.choice(lanes),
                    NOON_MS + number * 100,
                    user_id=f"u_{dice.randrange(2_000):08x}",
                    usage=attempt(1).usage._replace(
                        input_tokens=dice.randrange(9_000), cached_input_tokens=dice.randrange(2_000)
                    ),
                )
                for number in range(first, first + group)
            ]
            encoded = [(each, encode(each)) for each in made]
            begun = time.process_time_ns()
            committer.commit(encoded)
            spent += time.process_time_ns() - begun
        connection.execute("pragma wal_checkpoint(truncate)")
        connection.close()
        return path.stat().st_size / rows, spent / rows / 1_000


def settle_microseconds(rows: int) -> float:
    """CPU of the calling thread."""
    with tempfile.TemporaryDirectory() as folder:
        writer = begin(Path(folder))
        made = [attempt(writer.new_attempt_id(), writer.lane(LANES[0])) for _ in range(rows)]
        best = 1e9
        for start in range(0, rows, 500):
            begun = time.thread_time_ns()
            for each in made[start : start + 500]:
                writer.settle(each)
            best = min(best, (time.thread_time_ns() - begun) / 500 / 1_000)
            writer.committed(60)
        writer.close()
    return best


def verify_seconds(rows: int) -> float:
    """Of a ledger of that many rows in groups of 100."""
    with tempfile.TemporaryDirectory() as folder:
        connection = open_ledger(Path(folder) / LEDGER, Head(0, bytes(32), 0), "the first")
        connection.execute("pragma synchronous = off")
        numbers = {lane_number(lane): lane for lane in LANES}
        committer, lanes = Committer(connection, numbers), list(numbers)
        for first in range(1, rows, 100):
            made = [attempt(first + number, lanes[number % 5], NOON_MS + first + number) for number in range(100)]
            committer.commit([(each, encode(each)) for each in made])
        connection.close()
        begun = time.perf_counter()
        assert not verify(Path(folder))
        return time.perf_counter() - begun


def slowest_answer() -> tuple[str, float]:
    """Over a year of quarters of five lanes, closed into hours and days."""
    end_ms = NOON_MS // DAY_MS * DAY_MS
    with tempfile.TemporaryDirectory() as folder:
        connection = open_ledger(Path(folder) / LEDGER, Head(0, bytes(32), 0), "the first")
        fill_year(connection, end_ms)
        connection.close()
        reader = LedgerReader(Path(folder))
        month, zone = end_ms - 30 * DAY_MS, 5 * 3_600_000 + 1_800_000
        questions: dict[str, Callable[[], object]] = {
            "year by provider": lambda: reader.spend(end_ms - 365 * DAY_MS, end_ms, ("provider",)),
            "month by day and provider, Kolkata": lambda: reader.spend(
                month - zone, end_ms - zone, ("provider", "bucket"), bucket_ms=DAY_MS
            ),
            "week by hour and route": lambda: reader.spend(
                end_ms - 7 * DAY_MS, end_ms, ("route", "bucket"), bucket_ms=3_600_000
            ),
            "month by model and key": lambda: reader.spend(month, end_ms, ("model", "key_id")),
        }
        taken: dict[str, float] = {}
        for name, ask in questions.items():
            best = 1e9
            for _ in range(3):
                begun = time.perf_counter()
                assert ask()
                best = min(best, time.perf_counter() - begun)
            taken[name] = best * 1_000
        reader.close()
    return max(taken.items(), key=lambda each: each[1])


def fill_year(connection: sqlite3.Connection, end_ms: int) -> None:
    """A row for each of five lanes in each quarter of an hour."""
    connection.execute("begin")
    for number, lane in enumerate(LANES, 1):
        values = (number, lane_number(lane), 0, *lane)
        connection.execute(f"insert into lanes values ({', '.join('?' * len(values))})", values)
    last = end_ms // 900_000
    marks = ", ".join("?" * (5 + len(SUMS)))
    sums = (*range(100, 100 + len(SUMS)), 1, 2)
    connection.executemany(
        f"insert into spend_15m values ({marks})",
        ((bucket, lane, 0, *sums) for bucket in range(last - 365 * 96, last) for lane in range(1, 6)),
    )
    connection.execute("insert into closed values ('15m', ?)", (end_ms,))
    for grain in ("1h", "1d"):
        connection.execute("insert into closed values (?, ?)", (grain, end_ms - 365 * DAY_MS))
    for _ in range(40):
        close_buckets(connection, end_ms + 200_000)
    connection.execute("commit")


def main() -> None:
    """Print one JSON object."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    single, single_cpu = bytes_a_row(rows // 5, 1)
    grouped, grouped_cpu = bytes_a_row(rows, 250)
    question, milliseconds = slowest_answer()
    figures = {
        "bytes_a_row_link_each": round(single, 1),
        "bytes_a_row_250_a_link": round(grouped, 1),
        "gib_35_days_at_10_a_second": round(single * ROWS_KEPT / 2**30, 2),
        "settle_us": round(settle_microseconds(20_000), 2),
        "commit_cpu_us_a_row_single": round(single_cpu, 1),
        "commit_cpu_us_a_row_250_a_group": round(grouped_cpu, 2),
        "verify_seconds": round(verify_seconds(rows), 2),
        "verified_rows": rows,
        "slowest_answer": question,
        "slowest_answer_ms": round(milliseconds, 1),
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
