"""Compare the generated requests with a measured hour: `python tests/bench/traffic.py TRACE.csv`.

The file has the columns TIMESTAMP, ContextTokens and GeneratedTokens, as the Azure LLM inference trace 2023 does.
"""

import csv
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from random import Random
from statistics import mean, median, pstdev, pvariance

from costtui.demo.traffic import Request, requests


def measured(path: Path) -> list[Request]:
    """The rows of the file, from its first on."""
    with path.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    times = [datetime.fromisoformat(row["TIMESTAMP"][:26]) for row in rows]
    return [
        Request((time - times[0]).total_seconds(), int(row["ContextTokens"]), int(row["GeneratedTokens"]))
        for time, row in zip(times, rows, strict=True)
    ]


def describe(name: str, stream: Sequence[Request]) -> None:
    """One line of figures; the last minute is left out, because it is seldom whole."""
    minutes = Counter(int(one.after_seconds // 60) for one in stream)
    counts = [minutes[minute] for minute in range(max(minutes))]
    seconds = Counter(int(one.after_seconds) for one in stream)
    each = [seconds[second] for second in range(max(seconds))]
    inputs, outputs = [one.input_tokens for one in stream], [one.output_tokens for one in stream]
    print(f"{name}: in {mean(inputs):.0f}/{median(inputs):.0f} out {mean(outputs):.0f}/{median(outputs):.0f}", end=" ")
    print(
        f"per minute {min(counts)}..{max(counts)} mean {mean(counts):.0f} cv {pstdev(counts) / mean(counts):.2f}",
        end=" ",
    )
    print(f"per second variance/mean {pvariance(each) / mean(each):.2f}")


def main(path: Path) -> None:
    """Print both, the generated ones at the measured pace and length."""
    real = measured(path)
    span = real[-1].after_seconds
    describe("measured ", real)
    for seed in range(3):
        made = takewhile(lambda one: one.after_seconds < span, requests(Random(seed), len(real) / span))
        describe(f"seed {seed}   ", list(made))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
