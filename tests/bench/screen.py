"""The screen over a picture that changes once a second, for `tests.bench.terminal`: `python -m tests.bench.screen`."""

import random
import sys
import time

import msgspec

from costtui.report.schema import Gpu, Status, from_json, to_json
from costtui.tui.app import CosttuiApp
from tests.tui.pictures import FixedFeed, status


class MovingFeed(FixedFeed):
    """All eight GPUs at work, every reading moving as on a real host."""

    def __init__(self) -> None:
        super().__init__()
        self._second = -1
        self._dice = random.Random(7)

    def look(self, now_ms: int) -> Status | None:
        """A new picture each second, parsed from its bytes as the real one is."""
        if now_ms // 1000 != self._second:
            self._second = now_ms // 1000
            self.picture = from_json(to_json(self._moved()))
        return self.picture

    def _moved(self) -> Status:
        still, roll = status(), self._dice.uniform
        engines = tuple(
            msgspec.structs.replace(
                engine,
                output_tokens_per_second=roll(600, 800),
                input_tokens_per_second=roll(1900, 2300),
                running=int(roll(4, 14)),
                kv_usage_ratio=roll(0.2, 0.3),
            )
            for engine in still.engines
        )
        return msgspec.structs.replace(still, gpus=tuple(self._gpu(gpu) for gpu in still.gpus), engines=engines)

    def _gpu(self, gpu: Gpu) -> Gpu:
        if gpu.state == "lost":
            return gpu
        roll = self._dice.uniform
        return msgspec.structs.replace(
            gpu,
            utilization_percent=int(roll(40, 100)),
            power_watts=roll(350, 650),
            temperature_celsius=int(roll(55, 65)),
        )


def main() -> None:
    """Runs until quit; with `still` nothing ever changes."""
    feed = FixedFeed() if "still" in sys.argv else MovingFeed()
    CosttuiApp(feed, lambda: time.time_ns() // 1_000_000).run()


if __name__ == "__main__":
    main()
