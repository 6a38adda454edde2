"""What the simulated host did before anybody looked, minute by minute."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from costtui.demo.host import ENGINES, GIB, ROLES, SimulatedEngine, gpu_uuid
from costtui.demo.traffic import MEAN_INPUT_TOKENS, MEAN_OUTPUT_TOKENS, REQUESTS_PER_SECOND, day_shape
from costtui.demo.watts import EMPTY_MW, LOADED_MW, engine_power_mw, training_power_mw
from costtui.domain.gpu import GpuState
from costtui.domain.tick import EngineTick, GpuTick

MINUTE_MS = 60_000
LOW_RATIO = 0.30
"""Of an engine's decode speed; under it the engine is `low`."""


@dataclass(frozen=True, slots=True)
class PastMinute:
    """All GPUs and engines over the minute that ended at `at_ms`."""

    at_ms: int
    gpus: tuple[GpuTick, ...]
    engines: tuple[EngineTick, ...]


def ticks(from_ms: int, to_ms: int, seed: int) -> Iterator[PastMinute]:
    """Every whole minute within the window; the same minute is the same in every window."""
    first = -(-from_ms // MINUTE_MS)
    for minute in range(first, to_ms // MINUTE_MS):
        yield _minute((minute + 1) * MINUTE_MS, seed)


def _minute(at_ms: int, seed: int) -> PastMinute:
    dice = Random(f"{seed} {at_ms}")  # noqa: S311 - a simulation, not a secret
    engines = {engine.name: _engine_tick(engine, at_ms, dice) for engine in ENGINES}
    gpus = tuple(_gpu_tick(index, at_ms, engines, dice) for index in range(len(ROLES)))
    return PastMinute(at_ms, gpus, tuple(engines.values()))


def _engine_tick(engine: SimulatedEngine, at_ms: int, dice: Random) -> EngineTick:
    burst = dice.lognormvariate(-0.08, 0.4)
    expected = 60 * REQUESTS_PER_SECOND * engine.share * day_shape(at_ms) * burst
    requests = int(expected) + (dice.random() < expected % 1)
    seconds_each = MEAN_OUTPUT_TOKENS / engine.decode_tokens_per_second
    limit = int(55 / seconds_each)
    served = min(requests, limit)
    tokens_in = int(served * MEAN_INPUT_TOKENS * dice.uniform(0.9, 1.1))
    tokens_out = int(served * MEAN_OUTPUT_TOKENS * dice.uniform(0.9, 1.1))
    worked_ms = min(MINUTE_MS, served * 4_000)
    return EngineTick(engine.name, at_ms, MINUTE_MS, worked_ms, tokens_in, tokens_out, tokens_in * 3 // 10)


def _gpu_tick(index: int, at_ms: int, engines: dict[str, EngineTick], dice: Random) -> GpuTick:
    role = ROLES[index]
    if role == "lost":
        return GpuTick(gpu_uuid(index), at_ms, MINUTE_MS, GpuState.LOST, None, None, None, None, None)
    if role == "training":
        return _tick(index, at_ms, GpuState.OTHER, dice.randint(93, 99), 71 * GIB, training_power_mw(at_ms))
    if role == "empty":
        return _tick(index, at_ms, GpuState.EMPTY, 0, GIB // 2, EMPTY_MW)
    engine = next(engine for engine in ENGINES if index in engine.gpus)
    return _serving_tick(index, engine, engines[engine.name])


def _serving_tick(index: int, engine: SimulatedEngine, tick: EngineTick) -> GpuTick:
    load = tick.output_tokens / 60 / engine.decode_tokens_per_second
    worked = tick.worked_ms / MINUTE_MS
    if not tick.output_tokens:
        return _tick(index, tick.at_ms, GpuState.IDLE_LOADED, 0, 72 * GIB, LOADED_MW)
    state = GpuState.LOW if load < LOW_RATIO else GpuState.BUSY
    return _tick(index, tick.at_ms, state, round(97 * worked), 72 * GIB, engine_power_mw(worked, load))


def _tick(index: int, at_ms: int, state: GpuState, percent: int, memory: int, power_mw: int) -> GpuTick:
    celsius = 28 + power_mw // 16_000
    joules = power_mw * MINUTE_MS // 1000
    return GpuTick(gpu_uuid(index), at_ms, MINUTE_MS, state, percent, memory, power_mw, celsius, joules)
