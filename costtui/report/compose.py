"""Live observation, stored totals and the contract become one picture, once a second."""

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from costtui.analysis.budgets import Standing, standing
from costtui.analysis.rent import terms_at
from costtui.config.model import Config
from costtui.domain.amount import Amount
from costtui.domain.budget import Budget, ScopeKind
from costtui.domain.calendar import day_of, month_of
from costtui.domain.clean import clean
from costtui.domain.money import NanoUsd
from costtui.domain.tick import EngineTotals, StateTotals
from costtui.policy.limits import limits_in_force
from costtui.report import devices, ledger, schema, serving
from costtui.report.accounts import Account, past_segments, segments
from costtui.report.balancers import balancer
from costtui.report.budgets import budget_part
from costtui.report.costing import Costing
from costtui.report.frame import Frame, frame
from costtui.report.money import iso
from costtui.report.observation import GpuNow, Observation
from costtui.report.stored import Prices, Stored
from costtui.report.totals import RunningTotals, add_engines, add_states
from costtui.report.traffic import Carried, Traffic
from costtui.report.warnings import warnings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from costtui.domain.terms import Adjustment, Session
    from costtui.domain.window import Window

FACTS_MS = 5_000
"""Sessions and adjustments are read this often; the present session comes with the observation."""
LONGEST_WINDOW_MS = 367 * 86_400_000
PREPAID_AHEAD_MS = LONGEST_WINDOW_MS
"""How far ahead the end of a prepaid sum is looked for."""


class Composer:
    """Composes the picture each second; totals of closed time are cached between calls.

    `traffic` is what the gateway carried.
    """

    def __init__(self, stored: Stored, traffic: Traffic) -> None:
        self._stored = stored
        self._traffic = traffic
        self._gpus: RunningTotals[StateTotals] = RunningTotals(stored.gpu_totals, add_states)
        self._engines: RunningTotals[EngineTotals] = RunningTotals(stored.engine_totals, add_engines)
        self._windows: dict[Window, RunningTotals[StateTotals]] = {}
        self._costing = Costing(stored)
        self._facts_slot = -1
        self._sessions: Sequence[Session] = ()
        self._adjustments: Sequence[Adjustment] = ()

    def compose(self, seen: Observation, config: Config, prices: Prices | None) -> schema.Status:
        """The picture at `seen.at_ms`; prices None: no price book, so nothing to compare with."""
        now_ms, zone = seen.at_ms, config.host.timezone
        self._read_facts(now_ms)
        here = frame(seen, config, self._sessions)
        slow, carried = self._costing.at(here, prices), self._traffic.at(now_ms, config)
        pace = ledger.Pace(slow.power_usd_per_hour, carried.usd_per_hour)
        day, month = day_of(now_ms, zone), month_of(now_ms, zone)
        today_window = segments(self._gpus, seen.kept.values(), day[0], now_ms)
        month_window = past_segments(self._gpus, seen.kept.values(), month[0], day[0], now_ms) + today_window
        today, so_far = here.accounts(today_window), here.accounts(month_window)
        spent = {
            "day": self._spent(here, today, carried.today, day[0]),
            "month": self._spent(here, so_far, carried.month, month[0]),
        }
        limits = limits_in_force(config.budgets, self._traffic.made_until(now_ms), now_ms).by_name
        in_force = [replace(budget, limit=limits[budget.name].nano) for budget in config.budgets]
        standings = [
            (budget, self._standing(here, budget, spent, pace, metered=carried.metered)) for budget in in_force
        ]
        served = self._engines.since(day[0], now_ms)
        return schema.Status(
            schema=schema.SCHEMA,
            at=iso(now_ms),
            agent=schema.Agent(state="running", age_seconds=0, pid=seen.pid),
            host=devices.host(seen, config),
            burn=ledger.burn(here.counted, here.rates, carried.api.usd_per_hour, expected=here.expected),
            today=_span(here, spent["day"], day, pace),
            month=_span(here, spent["month"], month, pace),
            unknown=here.unknown(_missing(carried)),
            gpus=tuple(_gpu(here, gpu, today[gpu.uuid], now_ms - day[0]) for gpu in seen.gpus),
            engines=tuple(
                serving.part(each, served.get(each.target.name, EngineTotals()), slow.costs[each.target.name])
                for each in seen.engines
            ),
            routes=carried.routes,
            budgets=tuple(
                budget_part(budget, limits[budget.name], found, carried.gateway.budgets, zone, now_ms)
                for budget, (_, found) in zip(config.budgets, standings, strict=True)
            ),
            warnings=warnings(here, standings, slow.costs),
            sources=tuple(devices.source(each, now_ms) for each in seen.sources),
            config=schema.ConfigState(
                path=clean(str(config.path)) if config.path else None,
                loaded_at=iso(seen.config_loaded_ms),
                problems=tuple(clean(problem) for problem in seen.config_problems),
                bell=config.alerts.bell,
            ),
            api=carried.api,
            gateway=carried.gateway,
            cache=carried.cache,
            decisions=carried.decisions,
            balancers=tuple(balancer(each, now_ms) for each in seen.balancers),
        )

    def _read_facts(self, now_ms: int) -> None:
        if self._facts_slot != now_ms // FACTS_MS:
            self._facts_slot = now_ms // FACTS_MS
            self._sessions = tuple(self._stored.sessions(0, now_ms + 1))
            self._adjustments = tuple(self._stored.adjustments(now_ms - LONGEST_WINDOW_MS, now_ms + 1))

    def _spent(self, here: Frame, accounts: dict[str, Account], api: Amount, from_ms: int) -> ledger.Spent:
        corrections = [each for each in self._adjustments if each.at_ms >= from_ms]
        return ledger.spent(here.counted, accounts, corrections, here.rates, api, expected=here.expected)

    def _standing(
        self, here: Frame, budget: Budget, spent: dict[str, ledger.Spent], pace: ledger.Pace, *, metered: bool
    ) -> Standing:
        now_ms, window = here.seen.at_ms, budget.window
        start_ms, ends_ms = window.span(now_ms, here.config.host.timezone)
        if budget.scope.kind is not ScopeKind.ALL:
            api = self._traffic.spent(start_ms, now_ms, budget.scope, metered=metered)
            pace = ledger.Pace(Decimal(0), self._traffic.scope_usd_per_hour(budget.scope, now_ms))
            parts = {"api": api}
        else:
            parts = self._parts(here, budget, spent, start_ms, metered=metered)
        horizon_ms = ends_ms or (now_ms + PREPAID_AHEAD_MS if window.kind == "prepaid" else now_ms)
        ahead = ledger.ahead(here.counted, here.seen.kept, budget.covers, pace, now_ms, horizon_ms)
        found = standing(budget.limit, budget.covers, parts, ahead, now_ms, horizon_ms)
        found = replace(found, set_aside=self._set_aside(here, budget, parts, pace, ends_ms or now_ms))
        return found if ends_ms is not None else replace(found, projected=None)

    def _set_aside(
        self, here: Frame, budget: Budget, parts: dict[str, Amount], pace: ledger.Pace, ends_ms: int
    ) -> NanoUsd | None:
        """Rent and power of the whole window, what is still due included; of one that never ends what came up so far.
        None where some of it is not known."""
        owed, now_ms = tuple(part for part in budget.covers if part != "api"), here.seen.at_ms
        ahead = ledger.ahead(here.counted, here.seen.kept, owed, pace, now_ms, ends_ms)
        found = standing(budget.limit, owed, parts, ahead, now_ms, ends_ms)
        return None if found.used.unknown else found.projected

    def _parts(
        self, here: Frame, budget: Budget, spent: dict[str, ledger.Spent], start_ms: int, *, metered: bool
    ) -> dict[str, Amount]:
        """What each part of the whole host cost in the budget's window so far."""
        now_ms, window = here.seen.at_ms, budget.window
        found = spent.get(window.kind) if window.plain else None
        if found is None:
            running = self._windows.setdefault(window, RunningTotals(self._stored.gpu_totals, add_states))
            past = segments(running, here.seen.kept.values(), start_ms, now_ms)
            api = self._traffic.spent(start_ms, now_ms, metered=metered)
            found = self._spent(here, here.accounts(past), api, start_ms)
        return found.by_part()


def _missing(carried: Carried) -> tuple[str, ...]:
    """What is not in the APIs' part: all of it where nothing meters, else providers whose prices are not known."""
    return carried.api.unknown if carried.metered else ("api",)


def _span(here: Frame, spent: ledger.Spent, window: tuple[int, int], pace: ledger.Pace) -> schema.Span:
    now_ms, covers = here.seen.at_ms, ("gpu", "power", "api")
    ahead = ledger.ahead(here.counted, here.seen.kept, covers, pace, now_ms, window[1])
    return ledger.span(spent, window[0], ahead, now_ms, window[1])


def _gpu(here: Frame, gpu: GpuNow, today: Account, day_ms: int) -> schema.Gpu:
    terms = terms_at(here.seen.kept.get(gpu.uuid, ()), here.seen.at_ms)
    ratios = [engine.capacity_ratio for engine in here.seen.engines if engine.target.name in gpu.engines]
    known = [ratio for ratio in ratios if ratio is not None]
    return devices.gpu(gpu, terms, here.rates[gpu.uuid], sum(known) if known else None, today, day_ms)
