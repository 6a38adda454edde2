"""What the gateway carried and what that cost, asked of the ledger as seldom as the screen allows.

Closed minutes of the day and month are asked once a minute, the present two each second in which the ledger changed,
the newest attempts every two seconds, pace, shares and latency every five.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from costtui.config.model import Config
from costtui.domain.amount import Amount, total, unknown_amount
from costtui.domain.budget import EVERYTHING, Scope, ScopeKind
from costtui.domain.calendar import day_of, month_of
from costtui.domain.control import ControlsState, Revision
from costtui.report import schema
from costtui.report.billed_spend import BilledProvider, BilledSpend, billed_usd_per_hour, with_bills
from costtui.report.gateway import NONE, gateway_now
from costtui.report.metered import (
    Ledger,
    api_amount,
    apis,
    cache,
    decisions_until,
    known_usd,
    provenance,
)
from costtui.report.money import nine
from costtui.report.routes import Pace, routes
from costtui.report.scoped import ScopedSpend
from costtui.report.totals import SECOND_MS
from costtui.store.ledger.rows import SpendRow

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
PACE_SLOT_MS = 5_000
PACE_MS = 300_000
"""Pace, shares and latency are of the last five minutes."""
DECISIONS = 20
DECISIONS_SLOT_MS = 2_000
"""At five requests a second all of them are other ones each time: every line to read, and for a screen to send."""
_BY = ("provider", "model")


class Revisions(Protocol):
    """The part of the controls' store that the report asks."""

    def changed(self) -> bool:
        """Whether anything was written since `state`."""

    def state(self) -> ControlsState:
        """Everything set by hand."""


@dataclass(frozen=True, slots=True)
class Carried:
    """Traffic at one moment, ready for the picture."""

    api: schema.Api
    routes: tuple[schema.Route, ...]
    decisions: tuple[schema.Decision, ...]
    gateway: schema.Gateway
    cache: schema.Cache
    today: Amount
    month: Amount
    usd_per_hour: Decimal
    """As in the last hour: what is ahead."""
    metered: bool
    """Whether anything meters: a gateway that runs or ran, or a ledger of this month."""


class Traffic:
    """Asks the ledger; sums of closed time are kept between calls. `live` False: the gateway of now says nothing."""

    def __init__(self, ledger: Ledger, revisions: Revisions, state_dir: Path, *, live: bool = True) -> None:
        self._billed = BilledSpend.open(state_dir)
        self._unmetered: tuple[BilledProvider, ...] = ()
        self._ledger = ledger
        self._revisions = revisions
        self._state_dir = state_dir
        self._live = live
        self._closed: dict[int, tuple[int, list[SpendRow]]] = {}
        self._recent: tuple[int, list[SpendRow]] = (-1, [])
        self._decisions: tuple[schema.Decision, ...] = ()
        self._asked = False
        self._newer = False
        self._decided_slot = -1
        self._pace_slot = -1
        self._pace = Pace((), (), PACE_MS)
        self._hour: list[SpendRow] = []
        self._made: tuple[Revision, ...] | None = None
        self._scoped = ScopedSpend(ledger)

    def at(self, now_ms: int, config: Config) -> Carried:
        """Traffic up to `now_ms`."""
        changed = self._ledger.changed() or not self._asked
        self._asked = True
        self._look(now_ms, changed=changed)
        zone = config.host.timezone
        day, month = self._since(day_of(now_ms, zone)[0], now_ms), self._since(month_of(now_ms, zone)[0], now_ms)
        gateway = gateway_now(self._state_dir, now_ms) if self._live else NONE
        counts = gateway.state != "none" or bool(month)
        own = {row.labels[0] for row in apis(month)}
        self._unmetered = self._billed.at(now_ms, [each.provider for each in config.billing], own)
        metered = counts or bool(self._unmetered)
        starts = day_of(now_ms, zone)[0], month_of(now_ms, zone)[0]
        today, so_far = (
            self._whole(rows, start) if metered else unknown_amount("api")
            for rows, start in zip((day, month), starts, strict=True)
        )
        api = self._api(day, month, so_far, metered=counts)
        return Carried(
            api=with_bills(api, self._unmetered, (today, so_far), starts) if self._unmetered else api,
            routes=routes(config, self.made_until(now_ms), now_ms, self._pace),
            decisions=self._decisions,
            gateway=gateway,
            cache=cache(day),
            today=today,
            month=so_far,
            usd_per_hour=(known_usd(apis(self._hour)) or Decimal(0)) + billed_usd_per_hour(self._unmetered, now_ms),
            metered=metered,
        )

    def spent(self, from_ms: int, now_ms: int, scope: Scope = EVERYTHING, *, metered: bool) -> Amount:
        """What APIs cost in a window that ends now; of one route, key, provider or model where `scope` says so."""
        if not metered:
            return unknown_amount("api")
        if scope.kind is ScopeKind.ALL:
            return self._whole(self._since(from_ms, now_ms), from_ms)
        if (
            bill := next((each for each in self._unmetered if scope == Scope(ScopeKind.PROVIDER, each.name)), None)
        ) is not None:
            return bill.since(from_ms)
        return self._scoped.spent(scope, self._revisions.state().keys, from_ms, now_ms)

    def scope_usd_per_hour(self, scope: Scope, now_ms: int) -> Decimal:
        """What a scope's requests to APIs cost, as in the last hour or two."""
        return self._scoped.usd_per_hour(scope, self._revisions.state().keys, now_ms)

    def _whole(self, rows: Sequence[SpendRow], from_ms: int) -> Amount:
        """What was metered, and what providers billed that nobody meters in that time or this month."""
        metered = {row.labels[0] for row in apis(rows)}
        billed = [each.since(from_ms) for each in self._unmetered if each.name not in metered]
        return total([api_amount(rows), *billed]) if billed else api_amount(rows)

    def _look(self, now_ms: int, *, changed: bool) -> None:
        minute = now_ms // MINUTE_MS
        if changed or self._recent[0] != minute:
            cut = (minute - 1) * MINUTE_MS
            self._recent = (minute, self._ledger.spend(cut, _minute_end(now_ms), _BY))
        self._newer = changed or self._newer
        if self._newer and self._decided_slot != now_ms // DECISIONS_SLOT_MS:
            self._decided_slot, self._newer = now_ms // DECISIONS_SLOT_MS, False
            self._decisions = decisions_until(self._ledger, now_ms, DECISIONS)
        if self._pace_slot != now_ms // PACE_SLOT_MS:
            self._pace_slot = now_ms // PACE_SLOT_MS
            self._pace = self._paced(now_ms // SECOND_MS * SECOND_MS)
            self._hour = self._ledger.spend(_minute_end(now_ms) - HOUR_MS, _minute_end(now_ms), _BY)

    def _paced(self, now_ms: int) -> Pace:
        from_ms = now_ms - PACE_MS
        rows = self._ledger.spend(from_ms, now_ms, ("route", "target", "provider"))
        return Pace(tuple(rows), tuple(self._ledger.latency(from_ms, now_ms, ("route",))), PACE_MS)

    def _since(self, from_ms: int, now_ms: int) -> list[SpendRow]:
        """Rows from `from_ms` on: the minutes before the last asked once a minute, with what came late to them."""
        minute = now_ms // MINUTE_MS
        cut = (minute - 1) * MINUTE_MS
        if from_ms >= cut:
            return self._ledger.spend(from_ms, _minute_end(now_ms), _BY)
        known = self._closed.get(from_ms)
        if known is None or known[0] != minute:
            self._closed = {start: kept for start, kept in self._closed.items() if kept[0] == minute}
            known = self._closed[from_ms] = (minute, self._ledger.spend(from_ms, cut, _BY))
        return merged([*known[1], *self._recent[1]])

    def _api(self, day: list[SpendRow], month: list[SpendRow], so_far: Amount, *, metered: bool) -> schema.Api:
        paid, paid_month, paced = apis(day), apis(month), apis(self._pace.rows)
        return schema.Api(
            usd_per_hour=self._pace.usd_per_hour(paced) if metered else None,
            window_seconds=PACE_MS // 1000,
            last_hour_usd=known_usd(apis(self._hour)) if metered else None,
            today_usd=known_usd(paid) if metered else None,
            month_usd=known_usd(paid_month) if metered else None,
            provenance=provenance(paid_month) if metered else "unknown",
            requests_today=sum(row.requests for row in paid),
            failed_today=sum(row.failed for row in paid),
            unpriced_today=sum(row.unpriced for row in paid),
            estimated_today=sum(row.estimated for row in paid),
            providers=_providers(paid, paid_month, paced, self._pace),
            unknown=so_far.unknown,
        )

    def made_until(self, now_ms: int) -> tuple[Revision, ...]:
        """Changes by hand, of routes and budgets."""
        if self._made is None or self._revisions.changed():
            self._made = self._revisions.state().revisions
        return tuple(revision for revision in self._made if revision.at_ms <= now_ms)


def merged(rows: Iterable[SpendRow]) -> list[SpendRow]:
    """Rows with the same labels as one."""
    found: dict[tuple[tuple[str, ...], bool], SpendRow] = {}
    for row in rows:
        key = (row.labels, row.self_hosted)
        found[key] = _sum(found[key], row) if key in found else row
    return list(found.values())


def _sum(one: SpendRow, other: SpendRow) -> SpendRow:
    known = [row.nano for row in (one, other) if row.nano is not None]
    counts = {
        name: getattr(one, name) + getattr(other, name)
        for name in SpendRow._fields
        if name not in ("labels", "self_hosted", "nano", "provenances")
    }
    return one._replace(**counts, nano=sum(known) if known else None, provenances=one.provenances | other.provenances)


def _providers(
    day: Sequence[SpendRow], month: Sequence[SpendRow], paced: Sequence[SpendRow], pace: Pace
) -> tuple[schema.ProviderSpend, ...]:
    names = dict.fromkeys(row.labels[0] for row in month)
    found = []
    for name in names:
        today, so_far = ([row for row in rows if row.labels[0] == name] for rows in (day, month))
        found.append(
            schema.ProviderSpend(
                provider=name,
                usd_per_hour=nine(pace.usd_per_hour([row for row in paced if row.labels[2] == name])),
                today_usd=known_usd(today),
                month_usd=known_usd(so_far),
                provenance=provenance(so_far),
                requests_today=sum(row.requests for row in today),
                unpriced_today=sum(row.unpriced for row in today),
            )
        )
    return tuple(sorted(found, key=lambda each: (-(each.month_usd or 0), each.provider)))


def _minute_end(now_ms: int) -> int:
    return -(-now_ms // MINUTE_MS) * MINUTE_MS
