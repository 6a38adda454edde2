"""The load client, `python -m costtui.demo.load`: it sends the generated requests to the gateway, as clients do.

Where the gateway listens and the key for it come as one line of JSON on the standard input: `{"url", "key"}`.
"""

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

from costtui.demo.apis import CLASSES, TrafficClass
from costtui.demo.parent import die_with
from costtui.demo.traffic import REQUESTS_PER_SECOND, Request, requests
from costtui.domain.secret import Secret

CONCURRENCY = 200
"""More than five requests a second ever need; one that finds no place is not sent."""
ANSWER_SECONDS = 120.0
STREAMED = 0.5
"""Part of the requests whose answer is asked for as a stream."""
USERS = 40


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where requests go."""

    host: str
    port: int
    key: Secret


def gateway_from(line: str) -> Gateway:
    """What the line on the standard input says. Raises ValueError, KeyError or TypeError for anything else."""
    said = json.loads(line)
    parts = urlsplit(str(said["url"]))
    return Gateway(parts.hostname or "", parts.port or 80, Secret(str(said["key"])))


async def send_all(gateway: Gateway, dice: Random, per_second: float) -> None:
    """Send requests at their time until cancelled; a failed one is not repeated."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    under_way: set[asyncio.Task[None]] = set()
    shares = [each.share for each in CLASSES]
    for request in requests(dice, per_second):
        await asyncio.sleep(started + request.after_seconds - loop.time())
        if len(under_way) < CONCURRENCY:
            path, body = asked_of(dice.choices(CLASSES, shares)[0], request, dice)
            task = asyncio.create_task(_send(gateway, path, body))
            under_way.add(task)
            task.add_done_callback(under_way.discard)


def asked_of(traffic: TrafficClass, request: Request, dice: Random) -> tuple[str, bytes]:
    """Path and body of one request, from an OpenAI or an Anthropic client."""
    messages = [{"role": "user", "content": "token " * request.input_tokens}]
    body = {"model": traffic.route, "messages": messages, "max_tokens": request.output_tokens}
    body |= {"stream": dice.random() < STREAMED}
    user = f"user-{dice.randrange(USERS)}"
    if dice.random() < traffic.messages_ratio:
        return "/v1/messages", json.dumps(body | {"metadata": {"user_id": user}}).encode()
    if traffic.messages_ratio == 0.0:
        body |= {"ignore_eos": True}  # engines end where the traffic says; APIs know no such field
    return "/v1/chat/completions", json.dumps(body | {"user": user}).encode()


async def _send(gateway: Gateway, path: str, body: bytes) -> None:
    """One request on a connection of its own, and its whole answer."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
            try:
                head = (
                    f"POST {path} HTTP/1.1\r\nhost: {gateway.host}:{gateway.port}\r\n"
                    f"authorization: Bearer {gateway.key.reveal()}\r\nconnection: close\r\n"
                    f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
                )
                writer.write(head.encode() + body)
                while await reader.read(65_536):
                    pass
            finally:
                writer.close()


async def run(gateway: Gateway, seed: int, per_second: float) -> None:
    """Until SIGTERM or SIGINT."""
    dice = Random(seed)  # noqa: S311 - a simulation, not a secret
    task = asyncio.ensure_future(send_all(gateway, dice, per_second))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def main(arguments: Sequence[str]) -> None:
    """The command line of the process."""
    parser = argparse.ArgumentParser(prog="python -m costtui.demo.load")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-second", type=float, default=REQUESTS_PER_SECOND)
    parser.add_argument("--parent", type=int, help="end when this process does")
    options = parser.parse_args(arguments)
    if options.parent is not None:
        die_with(options.parent)
    line = sys.stdin.readline()
    if not line:
        return  # whoever started it gave up
    try:
        gateway = gateway_from(line)
    except (ValueError, KeyError, TypeError):
        sys.exit('the first line of the standard input must be {"url": "http://127.0.0.1:PORT", "key": "..."}')
    asyncio.run(run(gateway, options.seed, options.per_second))


if __name__ == "__main__":
    main(sys.argv[1:])
