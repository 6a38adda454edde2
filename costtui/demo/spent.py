"""What the simulated host's requests used in the past, for the ledger: rows that each stand for many requests.

Two days of single requests are 700,000 rows, which nobody would wait for at the start of a demo.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from costtui.demo.apis import APIS, CLASSES, SimulatedApi
from costtui.demo.host import ENGINES, USD_PER_GPU_HOUR
from costtui.demo.past import MINUTE_MS, PastMinute
from costtui.demo.traffic import MEAN_INPUT_TOKENS, MEAN_OUTPUT_TOKENS, REQUESTS_PER_SECOND, day_shape
from costtui.domain.amount import Provenance
from costtui.domain.attempt import Attempt, Lane, Outcome
from costtui.domain.card import PriceCard
from costtui.domain.charge import Charge
from costtui.domain.money import rent_for
from costtui.domain.tick import EngineTick
from costtui.domain.usage import Usage, UsageSource

_ENGINES = {engine.name: engine for engine in ENGINES}
_CARDS = {api.name: PriceCard.of(api.price) for api in APIS}
_ROUTES = {target: each.route for each in CLASSES for target, _ in each.weights}
_DURATION_MS, _TTFT_MS = 4_000, 600
REASON = "simulated past: all requests of some minutes"
FINE_MS = 2 * 3_600_000
"""Of so long before the end there is a row for each minute, before that for every five."""
_COARSE = 5


@dataclass(frozen=True, slots=True)
class Spent:
    """One target over a minute, or over five."""

    at_ms: int
    lane: Lane
    usage: Usage
    charge: Charge
    provenance: Provenance


def spent(minutes: Sequence[PastMinute], seed: int, key_id: str) -> Iterator[Spent]:
    """All targets that served, in order of time."""
    lanes = _lanes(key_id)
    for group in _groups(minutes):
        at_ms = group[-1].at_ms
        dice = Random(f"{seed} {at_ms} apis")  # noqa: S311 - a simulation, not a secret
        for ticks in zip(*(minute.engines for minute in group), strict=True):
            if any(tick.output_tokens for tick in ticks):
                yield _of_engine(ticks, lanes)
        yield from _bought(at_ms, len(group), dice, lanes)


def bought(from_ms: int, to_ms: int, seed: int, key_id: str) -> Iterator[Spent]:
    """What API targets alone served within the window, a row for every five minutes: days that a bill has closed."""
    lanes, step_ms = _lanes(key_id), _COARSE * MINUTE_MS
    for at_ms in range(from_ms + step_ms, to_ms + 1, step_ms):
        dice = Random(f"{seed} {at_ms} apis")  # noqa: S311 - a simulation, not a secret
        yield from _bought(at_ms, _COARSE, dice, lanes)


def _bought(at_ms: int, minutes: int, dice: Random, lanes: Mapping[str, Lane]) -> Iterator[Spent]:
    for api in APIS:
        if (usage := _usage(api, at_ms, minutes, dice)) is not None:
            charge = _CARDS[api.name].charge(usage) or Charge()
            yield Spent(at_ms, lanes[api.name], usage, charge, Provenance.METERED)


def _groups(minutes: Sequence[PastMinute]) -> Iterator[Sequence[PastMinute]]:
    fine = max(0, len(minutes) - FINE_MS // MINUTE_MS) // _COARSE * _COARSE
    for start in range(0, fine, _COARSE):
        yield minutes[start : start + _COARSE]
    for minute in minutes[fine:]:
        yield (minute,)


def attempt_of(row: Spent, attempt_id: int, lane: int) -> Attempt:
    """As the ledger keeps it; it ended within its minute."""
    return Attempt(
        attempt_id,
        attempt_id,
        lane,
        row.at_ms - 1 - _DURATION_MS,
        _DURATION_MS,
        _TTFT_MS,
        Outcome.OK,
        200,
        False,
        row.usage,
        UsageSource.REPORTED,
        False,
        row.charge,
        row.provenance,
        None,
        "",
        REASON,
    )


def _lanes(key_id: str) -> Mapping[str, Lane]:
    own = {
        engine.name: Lane(_ROUTES[engine.name], engine.name, "vllm", True, engine.model, "chat", key_id, "", "")
        for engine in ENGINES
    }
    operation = {"anthropic": "messages", "openai": "chat"}
    return own | {
        api.name: Lane(
            *(_ROUTES[api.name], api.name, api.provider, False, api.model),
            *(operation[api.dialect], key_id, api.model, ""),
        )
        for api in APIS
    }


def _of_engine(ticks: Sequence[EngineTick], lanes: Mapping[str, Lane]) -> Spent:
    """Its share of the rent is all of it: on the allocation basis the tokens of a time bear its idle part too."""
    engine = _ENGINES[ticks[0].engine]
    rent = rent_for(Decimal(USD_PER_GPU_HOUR) * len(engine.gpus), sum(tick.span_ms for tick in ticks))
    usage = Usage(
        sum(tick.input_tokens for tick in ticks),
        sum(tick.output_tokens for tick in ticks),
        sum(tick.cached_input_tokens for tick in ticks),
    )
    return Spent(ticks[-1].at_ms, lanes[engine.name], usage, Charge(flat_nano=rent), Provenance.ACCRUED)


def _usage(api: SimulatedApi, at_ms: int, minutes: int, dice: Random) -> Usage | None:
    expected = 60 * minutes * REQUESTS_PER_SECOND * api.share * day_shape(at_ms) * dice.lognormvariate(-0.08, 0.4)
    requests = int(expected) + (dice.random() < expected % 1)
    if not requests:
        return None
    given = int(requests * MEAN_INPUT_TOKENS * dice.uniform(0.9, 1.1))
    made = int(requests * MEAN_OUTPUT_TOKENS * dice.uniform(0.9, 1.1))
    written = requests * 64 if api.dialect == "anthropic" else 0
    return Usage(given, made, given // 4, written)
