"""The screen over a picture that changes once a second, for `tests.bench.terminal`: `python -m tests.bench.screen`.

With `traffic` a gateway carries five requests a second, each another one: keys 3, 4 and 7 show what it carried. With
`still` nothing ever changes.
"""

import random
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from costtui.report.schema import Decision, Gpu, Status, from_json, to_json
from costtui.tui.app import CosttuiApp
from tests.tui.archives import FixedArchive
from tests.tui.pictures import FixedFeed, carried, decision, status

REQUESTS_PER_SECOND = 5
TARGETS = ("llama", "novita", "gpt5", "mixtral")


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
            self.picture = from_json(to_json(self._moved(now_ms)))
        return self.picture

    def _still(self, now_ms: int) -> Status:
        """What the readings are put into."""
        return status()

    def _moved(self, now_ms: int) -> Status:
        still, roll = self._still(now_ms), self._dice.uniform
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


def requests(until_ms: int, count: int) -> tuple[Decision, ...]:
    """The newest `count` of five a second, newest first; the same ones whenever they are asked for."""
    newest = until_ms * REQUESTS_PER_SECOND // 1000
    return tuple(_request(number) for number in range(newest, newest - count, -1))


def _request(number: int) -> Decision:
    dice = random.Random(number)
    target = dice.choice(TARGETS)
    began = datetime.fromtimestamp(number / REQUESTS_PER_SECOND, UTC)
    return msgspec.structs.replace(
        decision(0, "chat", target, str(Decimal(dice.randrange(1, 2_000)) / 100_000)),
        id=number,
        request=number,
        at=f"{began:%Y-%m-%dT%H:%M:%SZ}",
        input_tokens=dice.randrange(100, 8_000),
        output_tokens=dice.randrange(10, 900),
        ttft_seconds=dice.uniform(0.05, 2),
        seconds=dice.uniform(1, 20),
        reason=f"weighted: {target} takes {dice.randrange(1, 100)} of 100",
    )


class BusyFeed(MovingFeed):
    """The same host with a gateway, whose newest requests come every two seconds as the agent writes them."""

    def _still(self, now_ms: int) -> Status:
        return carried(decisions=requests(now_ms // 2_000 * 2_000, 20))


class BusyArchive(FixedArchive):
    """All requests are others at every question."""

    def requests(self, at_ms: int) -> tuple[Decision, ...]:
        """As many as the screen asks of the ledger."""
        return requests(at_ms, 300)


def main() -> None:
    """Runs until quit."""
    busy = "traffic" in sys.argv
    feed = FixedFeed() if "still" in sys.argv else BusyFeed() if busy else MovingFeed()
    archive = BusyArchive() if busy else None
    CosttuiApp(feed, lambda: time.time_ns() // 1_000_000, archive=archive).run()  # type: ignore[arg-type]  # by hand


if __name__ == "__main__":
    main()
