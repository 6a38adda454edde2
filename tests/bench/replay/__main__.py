"""Captures and late requests of `idle-first`, with its rates right and wrong: `python -m tests.bench.replay TRACE.csv`.

GPT-5 at its list price is replaced by a 70B model on replicas of two H100; rates are off by a quarter, both ways, in
all combinations. Prints a line for each; the exit code is 1 if one misses its bar: with right rates 95 % are captured
with one replica, 99 % with two, and 0.5 % are late; with wrong ones 90 % and 1 %.
"""

import sys
import time
from itertools import product
from pathlib import Path
from random import Random

from costtui.policy.facts import Rates, Serving
from costtui.replay.clairvoyant import clairvoyant
from costtui.replay.pool import ReplicaModel
from costtui.replay.report import windows
from costtui.replay.run import Ran, Replay, Setting
from costtui.replay.trace import Request, read_trace

GPT5 = Rates(1_250_000_000, 125_000_000, 10_000_000_000)
MODEL = ReplicaModel()
ERRORS = (0.75, 1.0, 1.25)
RIGHT_BARS = {1: 95.0, 2: 99.0}
WRONG_BAR = 90.0
LATE_RIGHT, LATE_WRONG = 0.5, 1.0


def setting_of(prefill: float, decode: float) -> Setting:
    """The router takes the rates for so many times what they are."""
    believed = Serving(MODEL.prefill_tokens_per_second * prefill, MODEL.decode_tokens_per_second * decode)
    return Setting(GPT5, MODEL, believed)


def run(requests: list[Request], setting: Setting, replicas: int) -> Ran:
    """`idle-first`, which draws nothing."""
    return Replay(setting, "idle-first", replicas, Random(1).random).run(requests)


def main(path: Path) -> int:
    """Every combination; 1 if a bar was missed."""
    with path.open(newline="") as lines:
        requests = read_trace(lines, path.name)
    missed = 0
    print(f"{path.name}: {len(requests)} requests\nreplicas prefill decode  capture %  late %   us/request")
    for replicas, bar in RIGHT_BARS.items():
        bound_nano = clairvoyant(windows(requests, setting_of(1.0, 1.0)), replicas).saved * 1e9
        for prefill, decode in product(ERRORS, ERRORS):
            began = time.process_time()
            ran = run(requests, setting_of(prefill, decode), replicas)
            took = (time.process_time() - began) / len(requests) * 1e6
            capture = (ran.avoided_nano - ran.own_nano) / bound_nano * 100
            late = ran.missed * 100 / len(requests)
            right = prefill == decode == 1.0
            kept = capture >= (bar if right else WRONG_BAR) and late <= (LATE_RIGHT if right else LATE_WRONG)
            missed += not kept
            mark = "" if kept else "  misses its bar"
            print(f"{replicas:>8} {prefill:>7} {decode:>6} {capture:>10.2f} {late:>7.3f} {took:>12.1f}{mark}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
