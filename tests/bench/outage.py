"""An upstream that is down for a while, and one that is asked for ten times what it can do.

`python -m tests.bench.outage` prints attempts per request while nothing answers, how soon it is used again, how soon
what cannot be served is refused, and how much of the upstream's capacity is still used.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.parts.provider import Provider, Script, Seen
from tests.parts.provider_gateway import GatewayProcess
from tests.parts.provider_wire import exchange, post

CONFIG = """
[targets]
api = {{ provider = "openai", url = "{url}", model = "gpt-5" }}
[prices]
api = [{{ from = 2026-01-01, input = 1, output = 10 }}]
"""
PATH = "/v1/chat/completions"
BODY = {"model": "api", "messages": [], "max_tokens": 10}
SLOTS, SERVICE_SECONDS = 16, 0.2
"""What the overloaded upstream can do: 80 requests a second."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: when, how long it took, what came."""

    at: float
    seconds: float
    status: int


async def offer(gateway: GatewayProcess, per_second: float, seconds: float) -> list[Asked]:
    """Requests at a steady pace, whatever becomes of them."""
    begun, tasks = time.monotonic(), []
    for number in range(int(per_second * seconds)):
        due = begun + number / per_second
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        tasks.append(asyncio.create_task(_ask(gateway)))
    return list(await asyncio.gather(*tasks))


async def _ask(gateway: GatewayProcess) -> Asked:
    begun = time.monotonic()
    answer = await exchange(gateway.port, post(PATH, BODY, gateway.key))
    return Asked(begun, time.monotonic() - begun, answer.status)


def outage(folder: Path, seconds: float, per_second: float) -> str:
    """Down for `seconds`: 5 s well, then down, then 10 s well."""
    with Provider() as api:
        gateway = GatewayProcess(folder, CONFIG.format(url=api.url))
        gateway.command("prices", "compile")
        with gateway:
            begun = time.monotonic()
            down, up = begun + 5, begun + 5 + seconds
            api.choose = lambda _: Script(status=503) if down <= time.monotonic() < up else Script()
            asked = asyncio.run(offer(gateway, per_second, seconds + 15))
        requests = sum(down <= each.at < up for each in asked)
        attempts = sum(down <= seen.at < up for seen in api.seen)
    late = [each.at - up for each in asked if each.at >= up and each.status != 200]
    lost = sum(each.status != 200 for each in asked if each.at < down)
    return (
        f"down for {seconds:g} s at {per_second:g}/s: {attempts} attempts for {requests} requests"
        f" (allowed {1.2 * requests + 3:.0f}); the last refusal {max(late, default=0):.1f} s after it was well;"
        f" {lost} lost before"
    )


class Queue:
    """An upstream of so many slots: who comes when all are taken waits its turn."""

    def __init__(self) -> None:
        self._free = [0.0] * SLOTS

    def script(self, _: Seen) -> Script:
        now = time.monotonic()
        slot = min(range(SLOTS), key=self._free.__getitem__)
        self._free[slot] = max(now, self._free[slot]) + SERVICE_SECONDS
        return Script(delay_seconds=self._free[slot] - now)


def overload(folder: Path, seconds: float, times: float) -> str:
    """So many times what the upstream can do, with as many requests let in at a time as it has slots."""
    with Provider() as api:
        api.choose = Queue().script
        gateway = GatewayProcess(folder, CONFIG.format(url=api.url), limits=f"max_in_flight = {SLOTS}")
        gateway.command("prices", "compile")
        with gateway:
            asked = asyncio.run(offer(gateway, times * SLOTS / SERVICE_SECONDS, seconds))
    good = [each for each in asked if each.status == 200]
    refused = sorted(each.seconds * 1000 for each in asked if each.status == 503)
    span = max(each.at for each in asked) - min(each.at for each in asked)
    capacity = SLOTS / SERVICE_SECONDS * span
    return (
        f"{times:g} x overload, {len(asked) / span:.0f}/s: {len(good) / capacity:.0%} of the capacity served;"
        f" {len(refused)} refused in {statistics.median(refused):.1f} ms p50,"
        f" {refused[int(len(refused) * 0.99)]:.1f} ms p99, {refused[-1]:.1f} ms at worst; others:"
        f" {len(asked) - len(good) - len(refused)}"
    )


def main() -> None:
    """Both, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--down", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--overload", type=float, default=10.0, metavar="SECONDS")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(outage(Path(folder) / "down", given.down, 50.0))
        print(overload(Path(folder) / "much", given.overload, 10.0))


if __name__ == "__main__":
    main()
