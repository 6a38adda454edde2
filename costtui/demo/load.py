"""The load client, `python -m costtui.demo.load --host URL`: it sends the generated requests to the engines."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

from costtui.demo.host import ENGINES
from costtui.demo.parent import die_with
from costtui.demo.traffic import REQUESTS_PER_SECOND, Request, requests

CONCURRENCY = 200
"""More than five requests a second ever need; one that finds no place is not sent."""
ANSWER_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where an engine listens, and what it serves."""

    host: str
    port: int
    model: str
    share: float


async def find_places(url: str) -> tuple[Place, ...]:
    """The engines of the host at `url`."""
    parts = urlsplit(url)
    body = await _exchange(parts.hostname or "", parts.port or 80, b"GET", "/simulated/host", b"")
    shares = {engine.name: engine.share for engine in ENGINES}
    return tuple(_place(engine, shares) for engine in json.loads(body)["engines"])


def _place(engine: dict[str, str], shares: dict[str, float]) -> Place:
    parts = urlsplit(engine["url"])
    return Place(parts.hostname or "", parts.port or 80, engine["model"], shares.get(engine["name"], 0.0))


async def send_all(places: Sequence[Place], dice: Random, per_second: float) -> None:
    """Send requests at their time until cancelled; a failed one is not repeated."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    under_way: set[asyncio.Task[None]] = set()
    for request in requests(dice, per_second):
        await asyncio.sleep(started + request.after_seconds - loop.time())
        if len(under_way) < CONCURRENCY:
            place = dice.choices(places, [place.share for place in places])[0]
            task = asyncio.create_task(_send(place, request))
            under_way.add(task)
            task.add_done_callback(under_way.discard)


async def _send(place: Place, request: Request) -> None:
    content = "token " * request.input_tokens
    body = {"model": place.model, "messages": [{"role": "user", "content": content}]}
    limits = {"max_tokens": request.output_tokens, "ignore_eos": True}
    with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
        await _exchange(place.host, place.port, b"POST", "/v1/chat/completions", json.dumps(body | limits).encode())


async def _exchange(host: str, port: int, method: bytes, path: str, body: bytes) -> bytes:
    """One request on a connection of its own, and its whole answer."""
    async with asyncio.timeout(ANSWER_SECONDS):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            head = b"%b %b HTTP/1.1\r\nhost: %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
            writer.write(head % (method, path.encode(), host.encode(), len(body)) + body)
            fields = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
            length = next((int(field[15:]) for field in fields if field.startswith(b"content-length:")), 0)
            return await reader.readexactly(length)
        finally:
            writer.close()


async def run(url: str, seed: int, per_second: float) -> None:
    """Until SIGTERM or SIGINT."""
    task = asyncio.ensure_future(_find_and_send(url, seed, per_second))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _find_and_send(url: str, seed: int, per_second: float) -> None:
    dice = Random(seed)  # noqa: S311 - a simulation, not a secret
    await send_all(await find_places(url), dice, per_second)


def main(arguments: Sequence[str]) -> None:
    """The command line of the process."""
    parser = argparse.ArgumentParser(prog="python -m costtui.demo.load")
    parser.add_argument("--host", required=True, help="URL of the simulated host")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-second", type=float, default=REQUESTS_PER_SECOND)
    parser.add_argument("--parent", type=int, help="end when this process does")
    options = parser.parse_args(arguments)
    if options.parent is not None:
        die_with(options.parent)
    try:
        asyncio.run(run(options.host, options.seed, options.per_second))
    except OSError:
        sys.exit(f"nothing listens on {options.host}: start python -m costtui.demo.server first")


if __name__ == "__main__":
    main(sys.argv[1:])
