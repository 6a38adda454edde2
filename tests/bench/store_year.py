"""A year in the store: `python -m tests.bench.store_year [DAYS]`.

Writes eight GPUs and three engines as the default retention leaves them (quarters and minutes of the year, seconds of
48 hours) and prints the file's size and how long each question of a screen takes, in milliseconds, best of five.
"""

import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

from costtui.store.buckets import GRAINS, MINUTES, SECONDS, Grain
from costtui.store.place import TELEMETRY
from costtui.store.reader import TelemetryReader
from costtui.store.writer import TelemetryWriter

END_MS = 1_795_435_200_000
DAY_MS = 86_400_000
GPUS, ENGINES = 8, 3


def gpu_rows(grain: Grain, first: int, last: int, dice: random.Random) -> Iterator[tuple[int, ...]]:
    """Rows of all GPUs with values of realistic size."""
    size = grain.size_ms
    for bucket, gpu in product(range(first, last), range(1, GPUS + 1)):
        busy = dice.randrange(size + 1)
        power = dice.randrange(70_000, 650_000)
        states = (busy, 0, size - busy, 0, 0, 0, 0)
        rest = (size, 97 * busy, size, power * size, power * size // 1_000, size, 0, 75 * 2**30, 61)
        yield (gpu, bucket, *states, *rest)


def engine_rows(grain: Grain, first: int, last: int, dice: random.Random) -> Iterator[tuple[float, ...]]:
    """Rows of all engines."""
    size = grain.size_ms
    for bucket, engine in product(range(first, last), range(1, ENGINES + 1)):
        tokens = dice.randrange(size * 3)
        yield (
            engine,
            bucket,
            size,
            size // 2,
            tokens,
            tokens // 5,
            tokens // 3,
            0,
            0,
            0,
            tokens,
            tokens // 3,
            30,
            2,
            0.5,
        )


def fill(path: Path, days: int) -> None:
    """Write everything."""
    dice = random.Random(1)
    connection = sqlite3.connect(path)
    for number in range(1, GPUS + 1):
        row = (number, f"GPU-{number:08d}-0000-0000-0000-000000000000", number - 1, "NVIDIA H100 80GB HBM3")
        connection.execute(f"insert into gpus values (?, ?, ?, ?, 1, {END_MS}, 'busy', {END_MS})", row)
    for number in range(1, ENGINES + 1):
        connection.execute("insert into engines (id, name) values (?, ?)", (number, f"engine-{number}"))
    for grain in GRAINS:
        kept_ms = min(days * DAY_MS, grain.keep_ms or days * DAY_MS)
        first, last = (END_MS - kept_ms) // grain.size_ms, END_MS // grain.size_ms
        gpus, engines = ", ".join("?" * 18), ", ".join("?" * 15)
        connection.executemany(f"insert into gpu_{grain.name} values ({gpus})", gpu_rows(grain, first, last, dice))
        rows = engine_rows(grain, first, last, dice)
        connection.executemany(f"insert into engine_{grain.name} values ({engines})", rows)
        connection.commit()
    connection.close()


def milliseconds(ask: Callable[[], object]) -> float:
    """The best of five."""
    best = 1e9
    for _ in range(5):
        began = time.perf_counter()
        ask()
        best = min(best, time.perf_counter() - began)
    return round(best * 1000, 2)


def questions(reader: TelemetryReader) -> dict[str, Callable[[], object]]:
    """What the screens and the agent's picture ask."""
    noon, uuid = END_MS - DAY_MS // 2, "GPU-00000001-0000-0000-0000-000000000000"
    return {
        "status": reader.status,
        "GPU totals of today": lambda: reader.gpu_totals(noon, END_MS),
        "GPU totals of 31 days": lambda: reader.gpu_totals(END_MS - 31 * DAY_MS, END_MS),
        "GPU totals of a ragged hour": lambda: reader.gpu_totals(END_MS - 3_723_000, END_MS - 59_000),
        "engine totals of 24 hours": lambda: reader.engine_totals(END_MS - DAY_MS, END_MS),
        "engine totals of 31 days": lambda: reader.engine_totals(END_MS - 31 * DAY_MS, END_MS),
        "10 minutes of a GPU": lambda: reader.gpu_history(uuid, END_MS - 600_000, END_MS, 10_000),
        "24 hours of a GPU": lambda: reader.gpu_history(uuid, END_MS - DAY_MS, END_MS, QUARTER_MS),
        "24 hours of an engine": lambda: reader.engine_history("engine-1", END_MS - DAY_MS, END_MS, QUARTER_MS),
        "known GPUs": reader.known_gpus,
        "terms": reader.terms,
        "sessions": lambda: reader.sessions(END_MS - 31 * DAY_MS, END_MS),
    }


QUARTER_MS = 900_000


def main() -> None:
    """Build, ask, print."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 365
    with tempfile.TemporaryDirectory() as folder:
        TelemetryWriter.open(Path(folder), now_ms=END_MS).close()
        fill(Path(folder, TELEMETRY), days)
        size = Path(folder, TELEMETRY).stat().st_size
        reader = TelemetryReader(Path(folder))
        asked = {name: milliseconds(ask) for name, ask in questions(reader).items()}
        reader.close()
    kept = {grain.name: (grain.keep_ms or 0) // DAY_MS for grain in (SECONDS, MINUTES)}
    print(json.dumps({"days": days, "mib": size >> 20, "kept_days": kept, "milliseconds": asked}, indent=1))


if __name__ == "__main__":
    main()
