"""One strategy over one trace: every request is sent where policy says, on what policy can know at that moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from costtui.domain.ask import Ask
from costtui.policy.account import Account
from costtui.policy.facts import (
    NO_FACTS,
    Began,
    Ended,
    Event,
    Facts,
    FirstByte,
    Known,
    Rates,
    Refused,
    Serving,
    fold,
)
from costtui.policy.predict import Prediction
from costtui.policy.steer import STEERED, Steered, Way, steer
from costtui.replay.pool import Happened, Job, Replica, ReplicaModel
from costtui.replay.trace import Request

API = "api"
ALL_API, ALL_SELF, WEIGHTED = "all-api", "all-self", "weighted"
STRATEGIES = (ALL_API, ALL_SELF, WEIGHTED, *STEERED[:2])
ROUTE = "replay"
API_TOKEN_SECONDS = 0.02
"""Of an API's answer, until whose end its cost is only held."""


NOTHING_MORE = Rates()


@dataclass(frozen=True, slots=True)
class Setting:
    """What a replay is about."""

    rates: Rates
    """Of the API that is replaced."""
    model: ReplicaModel = field(default_factory=ReplicaModel)
    believed: Serving = field(default_factory=Serving)
    """What the router takes the model for."""
    ttft_seconds: float = 2.0
    tpot_seconds: float = 0.1
    max_tokens: int = 4_096
    """Limit that each request names: what a budget holds for its answer."""
    own: Rates = NOTHING_MORE
    """Of a replica: what a request costs there beyond its rent."""


class Ran(NamedTuple):
    """What became of a trace."""

    api_nano: int
    own_nano: int
    """Marginal cost of what the pool served."""
    avoided_nano: int
    """What the API would have asked for what the pool served."""
    missed: int
    """Requests whose first byte or tokens came too late."""
    local: int
    refused: int
    """Requests that no budget paid for and no replica could take."""
    overshoot: float
    """The worst window's spend beyond its limit, as a part of it; 0 without a budget."""


@dataclass(slots=True)
class _Sent:
    request: Request
    replica: str
    prediction: Prediction | None
    first: float = 0.0


class Replay:
    """Runs once."""

    def __init__(
        self,
        setting: Setting,
        strategy: str,
        replicas: int,
        draws: Callable[[], float],
        account: Account | None = None,
        window_seconds: float = 3600.0,
    ) -> None:
        self._setting = setting
        self._strategy = strategy
        self._draws = draws
        self._account = account
        self._window_seconds = window_seconds
        self._pool = {f"replica-{number}": Replica(setting.model) for number in range(1, replicas + 1)}
        self._sent: dict[int, _Sent] = {}
        self._paying: list[tuple[float, int, int]] = []
        """(end, held, cost) of API requests under a budget."""
        self._facts: Facts = NO_FACTS
        self._spent: dict[int, int] = {}
        for name in self._pool:
            self._fold(Known(name, setting.believed, setting.own))
        self._fold(Known(API, None, setting.rates))
        self._way = Way(
            ROUTE,
            strategy,
            (*self._pool, API),
            ttft_ms=setting.ttft_seconds * 1000,
            tpot_ms=setting.tpot_seconds * 1000,
        )
        self._counts = dict.fromkeys(("api", "own", "avoided", "missed", "local", "refused"), 0)

    def run(self, requests: Sequence[Request]) -> Ran:
        """All of them, and then until the pool is empty."""
        for number, request in enumerate(requests):
            self._advance(request.at)
            self._place(number, request)
        self._advance(float("1e12"))
        counts = self._counts
        return Ran(
            counts["api"],
            counts["own"],
            counts["avoided"],
            counts["missed"],
            counts["local"],
            counts["refused"],
            self._overshoot(),
        )

    # where

    def _place(self, number: int, request: Request) -> None:
        target, decision = self._choose(request)
        if target == API and not self._paid(request):
            target, decision = self._least_loaded(), None
            if not target:
                self._counts["refused"] += 1
                return
        if target == API:
            self._counts["api"] += cost_nano(self._setting.rates, request)
            return
        tokens = request.prompt_tokens
        self._counts["local"] += 1
        self._counts["avoided"] += cost_nano(self._setting.rates, request)
        self._counts["own"] += cost_nano(self._setting.own, request)
        self._sent[number] = _Sent(request, target, None if decision is None else decision.prediction)
        self._fold(Began(target, ROUTE, tokens, _ms(request.at)))
        self._pool[target].take(Job(number, request.at, tokens, request.output_tokens))

    def _choose(self, request: Request) -> tuple[str, Steered | None]:
        strategy = self._strategy
        if strategy == ALL_API or not self._pool:
            return API, None
        if strategy == ALL_SELF or (strategy == WEIGHTED and self._draws() < 0.5):
            return self._least_loaded(), None
        if strategy == WEIGHTED:
            return API, None
        ask = Ask(ROUTE, _ms(request.at), prompt_tokens=request.prompt_tokens)
        decision = steer(self._way, self._facts, ask)
        for name in decision.full:
            self._fold(Refused(name))
        return decision.targets[0], decision

    def _least_loaded(self) -> str:
        held = self._facts.targets
        return min(self._pool, key=lambda name: held[name].pending + held[name].running, default="")

    # time

    def _advance(self, until: float) -> None:
        happened = [(each, name) for name, replica in self._pool.items() for each in replica.advance(until)]
        for each, name in sorted(happened):
            self._tell(each, name)
        while self._paying and self._paying[0][0] <= until:
            at, held, cost = heappop(self._paying)
            if self._account is not None:
                self._roll(at)
                self._account.settle(held, cost, _ms(at))

    def _tell(self, happened: Happened, name: str) -> None:
        sent = self._sent[happened.number]
        request, prediction, at_ms = sent.request, sent.prediction, _ms(happened.at)
        if not happened.ended:
            sent.first = happened.at
            waited_ms = (happened.at - request.at) * 1000
            self._fold(
                FirstByte(name, request.prompt_tokens, prediction.ttft_ms if prediction else 0.0, waited_ms, at_ms)
            )
            return
        del self._sent[happened.number]
        writing = happened.at - sent.first
        self._fold(
            Ended(
                target=name,
                route=ROUTE,
                prompt_tokens=request.prompt_tokens,
                answered=True,
                at_ms=at_ms,
                input_tokens=request.prompt_tokens,
                output_tokens=request.output_tokens,
                writing_ms=writing * 1000,
                predicted_tpot_ms=prediction.tpot_ms if prediction else 0.0,
            )
        )
        setting = self._setting
        late = sent.first - request.at > setting.ttft_seconds
        slow = writing > setting.tpot_seconds * max(1, request.output_tokens - 1)
        self._counts["missed"] += late or slow

    def _fold(self, event: Event) -> None:
        self._facts = fold(self._facts, event)

    # money

    def _paid(self, request: Request) -> bool:
        """Hold its worst case, as the gateway does; the limit is that of each window of so many seconds."""
        account = self._account
        if account is None:
            return True
        self._roll(request.at)
        most = request._replace(output_tokens=max(self._setting.max_tokens, request.output_tokens))
        worst = cost_nano(self._setting.rates, most)
        if account.limit - account.used < worst:
            return False
        account.hold(worst)
        cost = cost_nano(self._setting.rates, request)
        heappush(self._paying, (request.at + request.output_tokens * API_TOKEN_SECONDS, worst, cost))
        return True

    def _roll(self, at: float) -> None:
        account, span_ms = self._account, int(self._window_seconds * 1000)
        if account is not None and account.ends_ms is not None and _ms(at) >= account.ends_ms:
            self._note(account)
            starts_ms = _ms(at) // span_ms * span_ms
            account.roll(starts_ms, starts_ms + span_ms)

    def _note(self, account: Account) -> None:
        self._spent[account.starts_ms] = account.settled

    def _overshoot(self) -> float:
        account = self._account
        if account is None or account.limit <= 0:
            return 0.0
        self._note(account)
        return max(0.0, *(spent / account.limit - 1.0 for spent in self._spent.values()))


def cost_nano(rates: Rates, request: Request) -> int:
    """What a request costs at these rates, without any cache."""
    scaled = request.prompt_tokens * rates.input + request.output_tokens * rates.output
    return scaled // 1_000_000 + rates.request_nano


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
