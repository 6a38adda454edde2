"""Time to read one recorded vLLM body, against prometheus_client's parser: `python tests/bench/scan.py`."""

import time
from collections.abc import Callable
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from costtui.engines import vllm

BODY = (Path(__file__).parents[1] / "fixtures" / "engines" / "vllm.txt").read_bytes()


def best_ms(work: Callable[[], object], rounds: int) -> float:
    """The fastest of some rounds."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times) * 1000


if __name__ == "__main__":
    print(f"line scan {best_ms(lambda: vllm.parse(BODY, 0), 300):.3f} ms")
    print(f"reference {best_ms(lambda: list(text_string_to_metric_families(BODY.decode())), 20):.3f} ms")
