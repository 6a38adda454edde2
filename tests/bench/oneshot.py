"""What a one-shot command costs: `python -m tests.bench.oneshot [RUNS] -- COMMAND...`; medians as JSON."""

import json
import os
import subprocess
import sys
import time
from statistics import median


def once(command: list[str]) -> tuple[float, float, float]:
    """Milliseconds of CPU and wall clock, and MiB of memory, of one run."""
    began = time.perf_counter()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, _, used = os.wait4(child.pid, 0)
    child.returncode = 0
    cpu = (used.ru_utime + used.ru_stime) * 1000
    return cpu, (time.perf_counter() - began) * 1000, used.ru_maxrss / 1024


def main() -> None:
    """Run and report."""
    cut = sys.argv.index("--")
    runs, command = int(sys.argv[1]) if cut > 1 else 20, sys.argv[cut + 1 :]
    once(command)
    figures = [once(command) for _ in range(runs)]
    cpu, wall, memory = (round(median(column), 1) for column in zip(*figures, strict=True))
    print(json.dumps({"command": " ".join(command), "cpu_ms": cpu, "wall_ms": wall, "rss_mib": memory}))


if __name__ == "__main__":
    main()
