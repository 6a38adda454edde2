"""Streams that the upstream cuts after any byte, in any way. COSTTUI_ROUNDS sets how many cuts of each kind (12)."""

import asyncio
import json
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

from costtui.domain.attempt import Attempt, Outcome
from costtui.domain.usage import UsageSource
from tests.parts.provider import Provider, Script, Seen
from tests.parts.provider_answers import Used, events, usage_block
from tests.parts.provider_gateway import GatewayProcess
from tests.parts.provider_wire import Wire, exchange, many, post

ROUNDS = int(os.environ.get("COSTTUI_ROUNDS", "12"))
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway-streams"), pytest.mark.timeout(900)]
USED = Used(input=120, output=7)
WORDS = 7
TARGETS = 16
TARGET = """
[targets.api{number}]
provider = "openai"
url = "{url}"
model = "gpt-5"
dialect = "both"
idle_seconds = 1
"""
PRICE = "api{number} = [{{ from = 2026-01-01, input = 1.25, output = 10 }}]\n"


def config(url: str) -> str:
    """The same upstream under many names: one that fails often is left alone for a while."""
    numbers = range(TARGETS)
    prices = [PRICE.format(number=number) for number in numbers]
    return "".join([TARGET.format(number=number, url=url) for number in numbers] + ["[prices]\n"] + prices)


STREAMS: dict[str, tuple[str, dict[str, object]]] = {
    "chat": ("/v1/chat/completions", {"stream_options": {"include_usage": True}}),
    "chat-without-usage": ("/v1/chat/completions", {}),
    "completions": ("/v1/completions", {"prompt": "x", "stream_options": {"include_usage": True}}),
    "messages": ("/v1/messages", {"max_tokens": 9}),
    "responses": ("/v1/responses", {"input": "x"}),
}


@pytest.fixture(scope="module")
def api() -> Iterator[Provider]:
    with Provider() as server:
        server.choose = script_for
        yield server


@pytest.fixture(scope="module")
def gateway(api: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    process = GatewayProcess(tmp_path_factory.mktemp("gateway"), config(api.url))
    process.command("prices", "compile")
    with process:
        yield process


def script_for(seen: Seen) -> Script:
    """As the request's own header says: the byte and the way of the cut, or the size of the pieces."""
    after, _, how = (seen.header("x-cut") or "").partition("-")
    pieces = int(seen.header("x-pieces") or 0)
    end: Any = how or "fin"
    return Script(
        used=USED, words=WORDS, cut_after=int(after) if after else None, cut=end, chunk_bytes=pieces, close=True
    )


def golden(kind: str) -> list[bytes]:
    """The events as the upstream sends them; the gateway always asks for the usage."""
    operation = kind.partition("-")[0]
    return events(operation, "gpt-5", usage_block("openai", operation, USED), WORDS)


def shown(kind: str) -> list[bytes]:
    """The events as the client sees them: one that it did not ask for is hidden."""
    said = golden(kind)
    return [*said[:-2], said[-1]] if kind == "chat-without-usage" else said


def request(kind: str, key: str, target: int, *lines: str) -> bytes:
    path, more = STREAMS[kind]
    asked = {"model": f"api{target}", "messages": [{"role": "user", "content": "x"}], "stream": True, **more}
    return post(path, asked, key, *lines)


def cuts(length: int) -> list[int]:
    """All of them, or as many as are wanted with the first and the last ones among them."""
    if length <= ROUNDS:
        return list(range(length + 1))
    edges = {0, 1, length - 1, length - 2, length - 3, length}
    return sorted(edges | set(random.Random(ROUNDS).sample(range(length), min(ROUNDS, length))))


def rows_of(gateway: GatewayProcess, answers: list[Wire]) -> dict[int, Attempt]:
    """The row of each answer."""
    wanted = {answer.request_id for answer in answers}
    assert 0 not in wanted, [answer.raw for answer in answers if not answer.request_id]
    count = 1
    while True:
        rows = {row.attempt.request_id: row.attempt for row in gateway.rows(count)}
        if wanted <= rows.keys():
            return rows
        count = len(rows) + 1


async def cut_at(gateway: GatewayProcess, kind: str, how: str, places: list[int]) -> list[Wire]:
    """Each place once, over all targets at a time; after a cut a target answers once well, so that it stays in use."""
    answers: dict[int, Wire] = {}

    async def at_target(number: int) -> None:
        for place in places[number::TARGETS]:
            answers[place] = await exchange(gateway.port, request(kind, gateway.key, number, f"x-cut: {place}-{how}"))
            good = await exchange(gateway.port, request(kind, gateway.key, number))
            assert good.whole, good

    await asyncio.gather(*(at_target(number) for number in range(TARGETS)))
    return [answers[place] for place in places]


@pytest.mark.parametrize("how", ["fin", "rst", "stall"])
@pytest.mark.parametrize("kind", STREAMS)
def test_a_stream_that_is_cut_is_told_to_the_client_and_never_a_success(
    gateway: GatewayProcess, kind: str, how: str
) -> None:
    places = cuts(len(b"".join(golden(kind))))
    answers = asyncio.run(cut_at(gateway, kind, how, places))
    rows = rows_of(gateway, answers)
    for place, answer in zip(places, answers, strict=True):
        judge(kind, place, answer, rows[answer.request_id])


def judge(kind: str, place: int, answer: Wire, row: Attempt) -> None:
    """Against what should have come of a stream that ended after `place` bytes."""
    body = b"".join(golden(kind))
    about = f"{kind} cut after {place} of {len(body)}: {row.outcome}, {answer.raw[-300:]!r}"
    if place >= len(body):
        assert row.outcome is Outcome.OK, about
        assert row.usage_source is UsageSource.REPORTED, about
        assert answer.whole, about
        assert answer.body == b"".join(shown(kind)), about
        return
    if place == len(body) - 1 and row.outcome is Outcome.OK:
        return  # the last line is there and only the empty one after it is missing
    assert row.outcome is Outcome.CUT, about
    assert not answer.whole, about
    sent = passed_on(kind, place)
    assert answer.body.startswith(sent), about
    last = answer.body[len(sent) :].strip().split(b"\n\n")[-1]
    data = next(line for line in last.split(b"\n") if line.startswith(b"data: "))
    assert "error" in json.loads(data.removeprefix(b"data: ")), about


def passed_on(kind: str, place: int) -> bytes:
    """Of the first `place` bytes, what must have reached the client: whole events at least, but for a hidden one."""
    said = golden(kind)
    if kind != "chat-without-usage":
        whole, length = b"", 0
        for event in said:
            length += len(event)
            if length > place:
                break
            whole += event
        return whole
    before = b"".join(said[:-2])
    return b"".join(event for event in said[:-2] if before.index(event) + len(event) <= place)


@pytest.mark.parametrize("kind", STREAMS)
def test_bytes_out_are_bytes_in_at_every_size_of_their_pieces(gateway: GatewayProcess, kind: str) -> None:
    sizes = [1, 2, 3, 5, 7, 16, 64, 100, 1_000]
    asked = [request(kind, gateway.key, number, f"x-pieces: {size}") for number, size in enumerate(sizes)]
    answers = asyncio.run(many(gateway.port, asked))
    for answer in answers:
        assert answer.status == 200
        assert answer.whole
        assert answer.body == b"".join(shown(kind))
    rows = rows_of(gateway, answers)
    for answer in answers:
        row = rows[answer.request_id]
        assert (row.outcome, row.usage.input_tokens, row.usage.output_tokens) == (Outcome.OK, 120, 7)
        assert row.charge is not None
        assert row.charge.nano == 120 * 1_250 + 7 * 10_000
