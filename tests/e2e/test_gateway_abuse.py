"""Callers that mean harm, or are merely broken: nothing of it reaches an upstream, a good caller, or the memory.

COSTTUI_ROUNDS sets how many fuzzed bodies are sent, in hundreds (4)."""

import asyncio
import gzip
import json
import os
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.waiting import eventually
from tests.parts.provider import Provider, Script
from tests.parts.provider_gateway import GatewayProcess
from tests.parts.provider_wire import exchange, many, parse, post

ROUNDS = int(os.environ.get("COSTTUI_ROUNDS", "4"))
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway-abuse"), pytest.mark.timeout(600)]
CONFIG = """
[targets.api]
provider = "openai"
url = "{url}"
model = "gpt-5"
dialect = "both"
"""
BODY = b'{"model":"api","messages":[]}'
SECOND = b"POST /v1/embeddings HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\n\r\n"


@pytest.fixture(scope="module")
def api() -> Iterator[Provider]:
    with Provider() as server:
        yield server


@pytest.fixture(scope="module")
def gateway(api: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    limits = "header_seconds = 6\nbody_seconds = 6\n"
    with GatewayProcess(tmp_path_factory.mktemp("gateway"), CONFIG.format(url=api.url), limits) as process:
        yield process


def framed(
    *lines: str, body: bytes = BODY, first: str = "POST /v1/chat/completions HTTP/1.1", end: str = "\r\n"
) -> bytes:
    """A request from its lines; `KEY` becomes the key."""
    head = [first, "authorization: Bearer KEY", "content-type: application/json", *lines, "", ""]
    return end.join(head).encode("latin-1") + body


SIZE = len(BODY)
LENGTH = f"content-length: {SIZE}"
HOST = "host: 127.0.0.1"
CHUNKED = "transfer-encoding: chunked"
IN_CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (SIZE, BODY)
AMBIGUOUS = {
    "both length and chunks": framed(HOST, LENGTH, CHUNKED, body=IN_CHUNKS),
    "chunks and then length": framed(HOST, CHUNKED, LENGTH, body=IN_CHUNKS),
    "two lengths": framed(HOST, LENGTH, f"content-length: {SIZE + 5}"),
    "the same length twice": framed(HOST, LENGTH, LENGTH),
    "lengths in a list": framed(HOST, f"content-length: {SIZE}, {SIZE}"),
    "a length with a plus": framed(HOST, f"content-length: +{SIZE}"),
    "a negative length": framed(HOST, "content-length: -1"),
    "a length in hex": framed(HOST, f"content-length: 0x{SIZE:x}"),
    "a length with an underscore": framed(HOST, f"content-length: {SIZE // 10}_{SIZE % 10}"),
    "a length with a space inside": framed(HOST, f"content-length: {SIZE // 10} {SIZE % 10}"),
    "an empty length": framed(HOST, "content-length:"),
    "a length of 20 digits": framed(HOST, "content-length: 99999999999999999999"),
    "a length in other digits": framed(HOST, "content-length: \xb2\xb9"),
    "gzip and chunks": framed(HOST, "transfer-encoding: gzip, chunked", body=IN_CHUNKS),
    "chunks twice": framed(HOST, "transfer-encoding: chunked, chunked", body=IN_CHUNKS),
    "chunks in two headers": framed(HOST, CHUNKED, CHUNKED, body=IN_CHUNKS),
    "chunks and identity": framed(HOST, CHUNKED, "transfer-encoding: identity", body=IN_CHUNKS),
    "identity": framed(HOST, "transfer-encoding: identity", LENGTH),
    "chunks with a parameter": framed(HOST, "transfer-encoding: chunked;q=1", body=IN_CHUNKS),
    "chunks with a vertical tab": framed(HOST, "transfer-encoding: \x0bchunked", body=IN_CHUNKS),
    "a name that ends in a space": framed(HOST, "transfer-encoding : chunked", body=IN_CHUNKS),
    "a length whose name ends in a space": framed(HOST, f"content-length : {SIZE}"),
    "a name that ends in a tab": framed(HOST, f"content-length\t: {SIZE}"),
    "a folded header": framed(HOST, LENGTH, "x-a: 1", " folded"),
    "a folded transfer encoding": framed(HOST, "transfer-encoding:", " chunked", body=IN_CHUNKS),
    "a first header that is folded": framed(HOST, LENGTH, first="POST /v1/chat/completions HTTP/1.1\r\n x: y"),
    "bare line feeds": framed(HOST, LENGTH, end="\n"),
    "one bare line feed": framed(HOST, f"x-a: 1\nx-b: 2\r\n{LENGTH}"),
    "a bare carriage return": framed(HOST, f"x-a: 1\rx-b: 2\r\n{LENGTH}"),
    "a null byte": framed(HOST, "x-a: 1\x002", LENGTH),
    "a header without a colon": framed(HOST, "nonsense", LENGTH),
    "an empty name": framed(HOST, ": 1", LENGTH),
    "two hosts": framed(HOST, "host: 127.0.0.1:1", LENGTH),
    "no host": framed(LENGTH),
    "chunks in HTTP/1.0": framed(HOST, CHUNKED, body=IN_CHUNKS, first="POST /v1/chat/completions HTTP/1.0"),
    "HTTP/2.0": framed(HOST, LENGTH, first="POST /v1/chat/completions HTTP/2.0"),
    "HTTP/1.2": framed(HOST, LENGTH, first="POST /v1/chat/completions HTTP/1.2"),
    "two spaces before the version": framed(HOST, LENGTH, first="POST /v1/chat/completions  HTTP/1.1"),
    "an absolute address": framed(HOST, LENGTH, first="POST http://evil.test/v1/chat/completions HTTP/1.1"),
    "a chunk extension": framed(HOST, CHUNKED, body=b"%x;a=b\r\n%b\r\n0\r\n\r\n" % (SIZE, BODY)),
    "a chunk size in hex with 0x": framed(HOST, CHUNKED, body=b"0x%x\r\n%b\r\n0\r\n\r\n" % (SIZE, BODY)),
    "a chunk size with a plus": framed(HOST, CHUNKED, body=b"+%x\r\n%b\r\n0\r\n\r\n" % (SIZE, BODY)),
    "a chunk size with a space": framed(HOST, CHUNKED, body=b"%x \r\n%b\r\n0\r\n\r\n" % (SIZE, BODY)),
    "a chunk that ends in a line feed": framed(HOST, CHUNKED, body=b"%x\n%b\r\n0\r\n\r\n" % (SIZE, BODY)),
    "a chunk without its end": framed(HOST, CHUNKED, body=b"%x\r\n%bXX0\r\n\r\n" % (SIZE, BODY)),
    "an overlong chunk size": framed(HOST, CHUNKED, body=b"0" * 40 + b"%x\r\n%b\r\n0\r\n\r\n" % (SIZE, BODY)),
    "a chunk size that wraps around": framed(HOST, CHUNKED, body=b"1%016x\r\n%b\r\n0\r\n\r\n" % (SIZE, BODY)),
    "trailers": framed(HOST, CHUNKED, body=b"%x\r\n%b\r\n0\r\ncontent-length: 5\r\n\r\n" % (SIZE, BODY)),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_ambiguous_framing_is_refused_and_nothing_of_it_reaches_an_upstream(
    api: Provider, gateway: GatewayProcess, name: str
) -> None:
    before = len(api.seen)
    answer = asyncio.run(exchange(gateway.port, AMBIGUOUS[name].replace(b"KEY", gateway.key.encode()) + SECOND))
    assert answer.status == 400 or (answer.status == 413 and "digits" in name), answer.raw
    assert len(re.findall(rb"HTTP/1.1 \d", answer.raw)) == 1, (
        answer.raw
    )  # what follows on the connection is not taken for a request
    assert answer.whole
    assert len(api.seen) == before


def test_a_body_in_chunks_is_taken_and_sent_on_with_its_length(api: Provider, gateway: GatewayProcess) -> None:
    body = b"5\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (BODY[:5], SIZE - 5, BODY[5:])
    data = framed(HOST, CHUNKED, "connection: close", body=body).replace(b"KEY", gateway.key.encode())
    answer = asyncio.run(exchange(gateway.port, data))
    assert answer.status == 200, answer.raw
    assert api.seen[-1].asked == {"model": "gpt-5", "messages": []}
    assert api.seen[-1].header("transfer-encoding") is None


def test_a_caller_that_expects_to_be_told_to_go_on_is_told(gateway: GatewayProcess) -> None:
    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        head = framed(HOST, LENGTH, "expect: 100-continue", "connection: close", body=b"")
        writer.write(head.replace(b"KEY", gateway.key.encode()))
        first = await reader.readuntil(b"\r\n\r\n")
        writer.write(BODY)
        rest = await reader.read()
        writer.close()
        return first + rest

    said = asyncio.run(ask())
    assert said.startswith(b"HTTP/1.1 100 ")
    assert parse(said).status == 200


def fuzzed(dice: random.Random) -> bytes:
    """A body that is wrong in one of many ways, or right by chance."""
    good = {"model": "api", "messages": [{"role": "user", "content": "x"}], "stream": dice.choice([True, False])}
    kind = dice.randrange(12)
    if kind == 0:
        return bytes(dice.randrange(256) for _ in range(dice.randrange(200)))
    if kind == 1:
        depth = dice.choice([10, 65, 1_000, 100_000])
        return b'{"model":"api","messages":' + b"[" * depth + b"]" * depth + b"}"
    if kind == 2:
        return b'{"model":"api","max_tokens":' + b"9" * dice.choice([19, 400, 5_000]) + b"}"
    if kind == 3:
        return json.dumps({"model": "api", "k" * dice.choice([10, 100_000]): 1}).encode()
    if kind == 4:
        return json.dumps(dice.choice([[], "x", 1, None, {"model": 3}, {"model": None}, {"model": ""}])).encode()
    if kind == 5:
        return json.dumps(good | {dice.choice(FIELDS): dice.choice(ODD) for _ in range(3)}).encode()
    if kind == 6:
        return b'{"model":"api","model":"other","messages":[]}'
    if kind == 7:
        return json.dumps(good).encode("utf-16")
    if kind == 8:
        return json.dumps(good).encode()[: dice.randrange(1, 60)]
    if kind == 9:
        return b'{"model":"api","user":"\\ud800","messages":[],"x":"\xff\xfe"}'
    if kind == 10:
        mutated = bytearray(json.dumps(good).encode())
        for _ in range(dice.randrange(1, 5)):
            mutated[dice.randrange(len(mutated))] = dice.randrange(256)
        return bytes(mutated)
    return json.dumps({"model": dice.choice(["ap\x00i", "\u202eapi", "../api", "'; drop", "api" * 9_999])}).encode()


FIELDS = [
    "api_base",
    "base_url",
    "stream",
    "stream_options",
    "max_tokens",
    "messages",
    "user",
    "metadata",
    "n",
    "model_list",
]
ODD: list[object] = [
    None,
    True,
    -1,
    1e308,
    "http://evil.test",
    [],
    {},
    [[]],
    {"include_usage": 5},
    "\x1b[2J",
    "x" * 9_000,
]
PATHS = ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/messages", "/v1/nothing"]


def resident_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def test_no_body_makes_the_gateway_fail_or_grow(api: Provider, gateway: GatewayProcess) -> None:
    dice = random.Random(ROUNDS)
    before = resident_mib(gateway.pid)
    for _ in range(ROUNDS):
        asked = [post(dice.choice(PATHS), fuzzed(dice), gateway.key) for _ in range(100)]
        for data, answer in zip(asked, asyncio.run(many(gateway.port, asked)), strict=True):
            assert 200 <= answer.status < 500, (data[:2_000], answer.raw)
    assert resident_mib(gateway.pid) - before <= 64
    assert {seen.header("host") for seen in api.seen} == {f"127.0.0.1:{api.port}"}
    assert not gateway.log_path.read_text().count("Traceback")


def test_a_compressed_body_is_refused_unread(api: Provider, gateway: GatewayProcess) -> None:
    before, memory = len(api.seen), resident_mib(gateway.pid)
    bomb = gzip.compress(b"\0" * 2**24)
    answers = asyncio.run(many(gateway.port, [post(PATHS[0], bomb, gateway.key, "content-encoding: gzip")] * 20))
    assert [answer.status for answer in answers] == [415] * 20
    assert len(api.seen) == before
    assert resident_mib(gateway.pid) - memory <= 32


def test_a_line_without_end_in_a_stream_is_cut_and_does_not_fill_the_memory(
    api: Provider, gateway: GatewayProcess
) -> None:
    memory = resident_mib(gateway.pid)
    api.play(Script(body=b"data: " + b"x" * 100 * 2**20, chunk_bytes=2**16))
    body = {"model": "api", "messages": [], "stream": True}
    answer = asyncio.run(exchange(gateway.port, post(PATHS[0], body, gateway.key)))
    assert not answer.whole
    assert len(answer.body) < 3 * 2**20
    assert b"1 MiB" in answer.body[-500:]
    assert resident_mib(gateway.pid) - memory <= 32


def test_a_header_or_body_that_is_too_large_is_refused_with_its_limit(gateway: GatewayProcess) -> None:
    asked = [
        framed(HOST, LENGTH, "x-a: " + "x" * 40_000),
        framed(HOST, LENGTH, *(f"x-{number}: 1" for number in range(150))),
        framed(HOST, f"content-length: {11 * 2**20}", body=b""),
        framed(HOST, CHUNKED, body=b"%x\r\n" % (12 * 2**20) + b" " * (12 * 2**20)),
        framed(HOST, LENGTH, first=f"POST /v1/{'x' * 70_000} HTTP/1.1"),
    ]
    answers = asyncio.run(many(gateway.port, [data.replace(b"KEY", gateway.key.encode()) for data in asked]))
    assert [answer.status for answer in answers] == [431, 431, 413, 413, 431]


def test_slow_callers_are_ended_while_a_good_one_is_served(gateway: GatewayProcess) -> None:
    """Half of them send a head byte by byte, half a body; good requests are all answered before the first slow one."""
    head = framed(HOST, LENGTH, body=b"").replace(b"KEY", gateway.key.encode())

    async def slow(data: bytes, number: int) -> tuple[bytes, float]:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        said = asyncio.create_task(reader.read())
        for place in range(len(data)):
            if said.done():
                break
            writer.write(data[place : place + 1])
            await asyncio.wait([said], timeout=0.4)
        answer = await said
        writer.transport.abort()
        return answer, time.monotonic()

    async def run() -> None:
        tasks = [asyncio.create_task(slow(head if number % 2 else head + b" ", number)) for number in range(200)]
        await asyncio.sleep(0.3)
        for _ in range(20):
            good = await exchange(gateway.port, post(PATHS[0], BODY, gateway.key))
            assert good.status == 200
        served_at = time.monotonic()
        ended = await asyncio.gather(*tasks)
        assert all(at > served_at for _, at in ended)
        assert {parse(said).status for said, _ in ended} == {408}

    asyncio.run(run())


def test_readers_that_stop_hold_a_bounded_amount_each(api: Provider, gateway: GatewayProcess) -> None:
    api.by_model["gpt-5"] = Script(endless=True, chunk_bytes=16_384, words=2_000)
    before = resident_mib(gateway.pid)

    async def run() -> float:
        asked = {"model": "api", "messages": [], "stream": True}
        writers = []
        for _ in range(STALLED):
            _, writer = await asyncio.open_connection("127.0.0.1", gateway.port, limit=1_024)
            writer.write(post(PATHS[0], asked, gateway.key))
            writers.append(writer)
        sizes = [0.0]
        for _ in range(10):
            await asyncio.sleep(0.4)
            sizes.append(resident_mib(gateway.pid))
        api.by_model.clear()
        good = await exchange(gateway.port, post(PATHS[0], BODY, gateway.key))
        assert good.status == 200
        for writer in writers:
            writer.transport.abort()
        return max(sizes)

    try:
        most = asyncio.run(run())
    finally:
        api.by_model.clear()
    assert most - before <= 150 * STALLED / 500 + 16


STALLED = 120 if ROUNDS < 100 else 500


@pytest.mark.parametrize("stream", [True, False])
def test_the_upstream_is_cancelled_when_its_client_leaves(
    api: Provider, gateway: GatewayProcess, *, stream: bool
) -> None:
    before = len(api.seen)
    api.play(*[Script(pause_seconds=0.2, words=500) if stream else Script(delay_seconds=60)] * 10)

    async def leave() -> None:
        asked = {"model": "api", "messages": [], "stream": stream}
        writers = []
        for _ in range(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            writer.write(post(PATHS[0], asked, gateway.key))
            if stream:
                await reader.readuntil(b"data: ")
            writers.append(writer)
        await asyncio.to_thread(eventually, lambda: len(api.seen) >= before + 10, "all requests")
        for writer in writers:
            writer.transport.abort()

    asyncio.run(leave())
    eventually(lambda: all(seen.cancelled_at for seen in api.seen[before:]), "the upstream's side of it")
