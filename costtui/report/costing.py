"""Costs that move slowly, worked out every 15 seconds: tokens over a day, the last hour, the burn of power."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from costtui.domain.money import MS_PER_HOUR
from costtui.domain.tick import EngineTotals, StateTotals
from costtui.report import ledger, serving
from costtui.report.accounts import past_segments
from costtui.report.frame import Frame, sharers
from costtui.report.observation import EngineNow
from costtui.report.stored import Prices, Stored
from costtui.report.totals import RunningTotals, add_engines, add_states

SLOT_MS = 15_000
DAY_MS = 86_400_000
QUARTER_MS = 900_000
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Slow:
    """What holds until the next slot."""

    costs: dict[str, serving.Cost]
    power_usd_per_hour: Decimal


class Costing:
    """Works the slow costs out when a slot begins, a contract changes or another engine is configured."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._first: dict[str, int] = {}
        self._key: object = None
        self._slow = Slow({}, Decimal(0))

    def at(self, frame: Frame, prices: Prices | None) -> Slow:
        """The slow costs that hold in `frame`."""
        seen = frame.seen
        held = tuple((engine.target, engine.holds) for engine in seen.engines)
        key = (seen.at_ms // SLOT_MS, dict(seen.kept), held, frame.config.host.pays, prices is None)
        if key != self._key:
            self._slow = self._work_out(frame, prices)
            self._key = key
        return self._slow

    def _work_out(self, frame: Frame, prices: Prices | None) -> Slow:
        now_ms, seen = frame.seen.at_ms, frame.seen
        running: RunningTotals[StateTotals] = RunningTotals(self._stored.gpu_totals, add_states)
        tokens: RunningTotals[EngineTotals] = RunningTotals(self._stored.engine_totals, add_engines)
        hour = frame.accounts(past_segments(running, seen.kept.values(), now_ms - MS_PER_HOUR, now_ms, now_ms))
        worked = tokens.closed(now_ms - MS_PER_HOUR, now_ms, now_ms)
        held_by, resting = sharers(frame), self._resting_milliwatts(frame)
        costs = {}
        for engine in seen.engines:
            from_ms = self._begins(engine, now_ms)
            totals = tokens.closed(from_ms, now_ms, now_ms)
            accounts = frame.accounts(past_segments(running, seen.kept.values(), from_ms, now_ms, now_ms))
            costs[engine.target.name] = serving.Cost(
                serving.token_cost(engine, now_ms - from_ms, accounts, totals, held_by),
                now_ms - from_ms,
                serving.last_hour(engine, hour, worked, seen.kept, held_by, resting, now_ms),
                serving.cheapest(engine, totals.get(engine.target.name, EngineTotals()), prices, now_ms),
            )
        return Slow(costs, ledger.power_rate(frame.counted, hour, frame.rates))

    def _begins(self, engine: EngineNow, now_ms: int) -> int:
        """A day ago, or when the engine was first looked at: rent from before has no tokens beside it."""
        name = engine.target.name
        if name not in self._first:
            history = self._stored.engine_history(name, now_ms - DAY_MS, now_ms, QUARTER_MS)
            if not history:
                return now_ms
            opening = self._stored.engine_history(
                name, history[0].at_ms, min(history[0].at_ms + QUARTER_MS, now_ms), 1_000
            )
            self._first[name] = opening[0].at_ms if opening else history[0].at_ms
        return max(self._first[name], now_ms - DAY_MS)

    def _resting_milliwatts(self, frame: Frame) -> Mapping[str, int]:
        """The lowest minute of the last hour, for GPUs whose power is paid apart."""
        now_ms, lowest = frame.seen.at_ms, {}
        for gpu in frame.seen.gpus:
            if not frame.rates[gpu.uuid].power:
                continue
            minutes = self._stored.gpu_history(gpu.uuid, now_ms - MS_PER_HOUR, now_ms, MINUTE_MS)
            watts = [minute.power_milliwatts for minute in minutes if minute.power_milliwatts is not None]
            if watts:
                lowest[gpu.uuid] = min(watts)
        return lowest
