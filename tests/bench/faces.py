"""The screen beside its peers, in one run: `python -m tests.bench.faces [ROUNDS]`.

Every program runs in turn at 120x40: costtui over the demo's store (8 GPUs at 1 Hz, 5 requests a second) on both of
its screens, nvitop, nvtop and htop where they are installed, the first two on the stand-in for the driver. One row
each: medians over the rounds. On a still store costtui must write nothing.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from statistics import median

from tests.bench.terminal import Figures, measure
from tests.parts.nvml import compile_library

SECONDS = 15.0
COSTTUI = [sys.executable, "-m", "costtui", "--state-dir"]
SCENARIO = "gpus 8\nat 0 * idle\nat 0 0 util=97 power=650 used=70000\nat 0 1 util=60 power=450 used=70000\nloop 10\n"
FIELDS = ("first_paint_ms", "startup_bytes", "bytes_per_second", "cpu_percent", "rss_mib", "quit_ms")


def stand_in(folder: Path) -> None:
    """Compile the driver's stand-in and let every child load it."""
    compile_library(folder)
    (folder / "scenario.txt").write_text(SCENARIO)
    os.environ.update(LD_LIBRARY_PATH=str(folder), FAKE_NVML_SCENARIO=str(folder / "scenario.txt"))


def programs(store: Path) -> dict[str, list[str]]:
    """What is measured."""
    found = {"costtui": [*COSTTUI, str(store)]}
    for name, command in (("nvitop", ["nvitop", "-m", "full"]), ("nvtop", ["nvtop"]), ("htop", ["htop"])):
        if path := shutil.which(command[0], path=f"{Path(sys.executable).parent}:{os.environ['PATH']}"):
            found[name] = [path, *command[1:]]
    return found


def middle(runs: list[Figures]) -> dict[str, object]:
    """Medians of one program's rounds."""
    row: dict[str, object] = {}
    for field in FIELDS:
        values = [asdict(run)[field] for run in runs if asdict(run)[field] is not None]
        row[field] = round(median(values), 2) if values else None
    return row


def main() -> None:
    """Measure all and print one JSON object."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder:
        stand_in(Path(folder))
        store = Path(folder) / "demo"
        demo = subprocess.Popen(
            [sys.executable, "-m", "costtui", "demo", "--headless", "--seconds", "100000", "--state-dir", str(store)],
            stdout=subprocess.DEVNULL,
        )
        time.sleep(75)
        runs: dict[str, list[Figures]] = {}
        for _ in range(rounds):
            for name, command in programs(store).items():
                runs.setdefault(name, []).append(measure(command, cols=120, rows=40, seconds=SECONDS))
        demo.terminate()
        demo.wait()
        json.dump({name: middle(figures) for name, figures in runs.items()}, sys.stdout, indent=1)
        print()


if __name__ == "__main__":
    main()
