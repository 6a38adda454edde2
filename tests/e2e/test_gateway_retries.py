"""Retries and fallbacks over scripted upstreams: a row for each attempt, each with what it cost."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from costtui.domain.attempt import Outcome
from costtui.domain.usage import UsageSource
from costtui.store.ledger.rows import RecentAttempt
from tests.agent.waiting import eventually
from tests.parts.provider import Provider, Script
from tests.parts.provider_answers import Used
from tests.parts.provider_gateway import GatewayProcess
from tests.parts.provider_wire import Wire, exchange, many, post

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway-retries")]
CONFIG = """
[targets]
one   = {{ provider = "openai", url = "{one}", model = "first" }}
two   = {{ provider = "novita", url = "{two}", model = "second" }}
three = {{ provider = "together", url = "{three}", model = "third" }}
gone  = {{ provider = "groq", url = "http://127.0.0.1:9/v1", model = "fourth" }}
alone = {{ provider = "fireworks", url = "{one}", model = "fifth" }}
[routes.chain]
strategy = "weighted"
targets = ["one", "two", "three"]
weights = {{ one = 1 }}
[routes.dead-first]
strategy = "weighted"
targets = ["gone", "three"]
weights = {{ gone = 1 }}
[prices]
one   = [{{ from = 2026-01-01, input = 1, output = 10 }}]
two   = [{{ from = 2026-01-01, input = 2, output = 20 }}]
three = [{{ from = 2026-01-01, input = 4, output = 40 }}]
gone  = [{{ from = 2026-01-01, input = 8, output = 80 }}]
alone = [{{ from = 2026-01-01, input = 16, output = 160 }}]
"""
USED = Used(input=100, output=11)


class World:
    """Three upstreams and a gateway before them."""

    def __init__(self, apis: list[Provider], gateway: GatewayProcess) -> None:
        self.apis, self.gateway = apis, gateway

    def ask(self, model: str, *, stream: bool = False, resent: int = 0) -> tuple[Wire, list[RecentAttempt]]:
        """One request and all rows that it made; `resent`: how often it went out again without having been read."""
        return self.ask_many(model, 1, stream=stream, resent=resent)[0]

    def ask_many(
        self, model: str, count: int, *, stream: bool = False, resent: int = 0
    ) -> list[tuple[Wire, list[RecentAttempt]]]:
        """Several at once. Nothing that reached an upstream is without a row."""
        asked = {"model": model, "messages": [{"role": "user", "content": "x"}], "stream": stream}
        seen_before = sum(len(api.seen) for api in self.apis)
        answers = asyncio.run(many(self.gateway.port, [post("/v1/chat/completions", asked, self.gateway.key)] * count))
        reached = sum(len(api.seen) for api in self.apis) - seen_before
        marker = asyncio.run(
            exchange(self.gateway.port, post("/v1/chat/completions", asked | {"model": "third"}, self.gateway.key))
        )
        assert marker.status == 200
        rows: list[RecentAttempt] = []
        while marker.request_id not in {row.attempt.request_id for row in rows}:
            rows = self.gateway.rows(len(rows) + 1)
        found = [(each, [row for row in rows if row.attempt.request_id == each.request_id]) for each in answers]
        sent = [row for _, of_one in found for row in of_one if row.lane.target != "gone"]
        assert len(sent) == reached - resent
        return found


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Provider() as one, Provider() as two, Provider() as three:
        for api in (one, two, three):
            api.usual = Script(used=USED)
        process = GatewayProcess(
            tmp_path_factory.mktemp("gateway"), CONFIG.format(one=one.url, two=two.url, three=three.url)
        )
        process.command("prices", "compile")
        with process:
            yield World([one, two, three], process)


def told(rows: list[RecentAttempt]) -> list[tuple[str, Outcome, int]]:
    return [(row.lane.target, row.attempt.outcome, row.attempt.status) for row in rows]


def nanos(rows: list[RecentAttempt]) -> list[int | None]:
    return [None if row.attempt.charge is None else row.attempt.charge.nano for row in rows]


def test_each_attempt_of_a_chain_has_its_row_and_its_own_price(world: World) -> None:
    one, two, _ = world.apis
    one.play(Script(status=429, headers=(("retry-after", "30"),)))
    two.play(Script(status=500))
    answer, rows = world.ask("chain")
    assert answer.status == 200
    assert answer.headers["x-costtui-target"] == "three"
    assert told(rows) == [
        ("one", Outcome.REFUSED, 429),
        ("two", Outcome.REFUSED, 500),
        ("three", Outcome.OK, 200),
    ]
    assert nanos(rows) == [0, 0, 100 * 4_000 + 11 * 40_000]
    assert answer.headers["x-costtui-cost"] == "0.000840000"


def test_an_answer_that_breaks_off_is_asked_for_elsewhere_and_both_are_paid(world: World) -> None:
    one, _, _ = world.apis
    one.play(Script(used=USED, cut_after=120, cut="rst"))
    answer, rows = world.ask("chain")
    assert answer.status == 200
    assert told(rows) == [("one", Outcome.CUT, 200), ("two", Outcome.OK, 200)]
    first, second = (row.attempt for row in rows)
    assert first.usage_source is UsageSource.ESTIMATED
    assert first.charge is not None
    assert first.charge.nano == first.usage.input_tokens * 1_000 + first.usage.output_tokens * 10_000 > 0
    assert second.charge is not None
    assert second.charge.nano == 100 * 2_000 + 11 * 20_000


def test_a_stream_that_has_begun_is_never_asked_for_again(world: World) -> None:
    one, two, _ = world.apis
    one.play(Script(used=USED, cut_after=300, cut="rst"))
    answer, rows = world.ask("chain", stream=True)
    assert not answer.whole
    assert b"upstream_cut" in answer.body
    assert told(rows) == [("one", Outcome.CUT, 200)]
    assert not two.seen


def test_an_error_inside_a_good_stream_is_no_success(world: World) -> None:
    world.apis[0].play(Script(used=USED, error_event_after=3))
    answer, rows = world.ask("chain", stream=True)
    assert b"scripted" in answer.body
    assert [row.attempt.outcome for row in rows] == [Outcome.CUT]


def test_a_target_that_cannot_be_reached_is_left_for_the_next_one(world: World) -> None:
    answer, rows = world.ask("dead-first", stream=True)
    assert answer.whole
    assert told(rows) == [("gone", Outcome.UNREACHABLE, 0), ("three", Outcome.OK, 200)]
    assert nanos(rows)[0] == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_an_error_of_the_clients_own_is_passed_on_and_not_tried_elsewhere(world: World, status: int) -> None:
    world.apis[0].play(Script(status=status))
    answer, rows = world.ask("chain")
    assert answer.status == status
    assert json.loads(answer.body)["error"]["message"] == f"scripted {status}"
    assert told(rows) == [("one", Outcome.REFUSED, status)]


def test_a_redirect_is_not_followed(world: World) -> None:
    one, two, _ = world.apis
    one.play(Script(status=307, headers=(("location", f"{two.url}/chat/completions"),)))
    answer, rows = world.ask("chain")
    assert answer.status == 502
    assert told(rows) == [("one", Outcome.REFUSED, 307)]
    assert not two.seen


def test_a_request_on_a_connection_that_died_in_the_pool_is_sent_anew_unseen(world: World) -> None:
    one, _, _ = world.apis
    world.ask("chain")
    one.close_reused = "fin"
    answer, rows = world.ask("chain", resent=1)
    assert answer.status == 200
    assert told(rows) == [("one", Outcome.OK, 200)]


def test_when_everything_fails_retries_stay_within_their_budget(world: World) -> None:
    one = world.apis[0]
    one.usual = Script(status=503)
    found = world.ask_many("alone", 200)
    reached = sum(len(rows) for _, rows in found)
    assert all(answer.status == 503 for answer, _ in found)
    assert reached <= 1.2 * 200 + 3
    one.usual = Script(used=USED)
    eventually(lambda: world.ask("alone")[0].status == 200, "the target's recovery")


def test_usage_that_is_missing_null_or_absurd_is_never_taken_for_nothing(world: World) -> None:
    one, _, _ = world.apis
    odd: list[object] = [..., "null", {}, {"prompt_tokens": -5, "completion_tokens": 3}, {"prompt_tokens": "many"}]
    for stream in (False, True):
        for usage in odd:
            one.play(Script(usage=usage))
            answer, rows = world.ask("chain", stream=stream)
            assert answer.status == 200
            attempt = rows[0].attempt
            assert attempt.outcome is Outcome.OK
            assert attempt.usage_source is UsageSource.ESTIMATED, (usage, attempt)
            assert attempt.charge is None or attempt.charge.nano > 0
