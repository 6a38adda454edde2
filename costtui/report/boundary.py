"""Where a route's requests went in a period, held against its boundary: for an auditor.

The ledger names targets, not addresses; addresses and the boundary are those of the configuration as it is now.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

from costtui.config.model import Config, Target
from costtui.config.providers import provider_url
from costtui.domain.clean import clean
from costtui.report.money import iso
from costtui.store.ledger.rows import SpendRow

BY = ("route", "target", "provider", "model")
"""What the ledger is asked by."""


class Verdict(StrEnum):
    """What can be said of the period."""

    KEPT = "kept"
    """every attempt went to a target of the boundary"""
    BROKEN = "broken"
    """at least one did not"""
    NO_BOUNDARY = "no boundary"
    """the route may reach all its targets"""
    NOTHING_SENT = "nothing sent"
    """the ledger has no attempt of it"""


class Place(StrEnum):
    """Where an address is, as the configuration says it."""

    ON_PREMISES = "on premises"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"
    """the target is not configured any more, or as something else"""


@dataclass(frozen=True, slots=True)
class Reached:
    """One target of the period."""

    target: str
    provider: str
    model: str
    self_hosted: bool
    place: Place
    address: str
    """Host and port as configured now, with the proxy on the way; empty where that is not known."""
    within: bool | None
    """Whether the boundary allows it; None without a boundary."""
    attempts: int
    """Requests that were sent to it, or tried to: retries and fallbacks each count."""
    failed: int


@dataclass(frozen=True, slots=True)
class BoundaryReport:
    """A period of one route."""

    route: str
    from_ms: int
    to_ms: int
    boundary: tuple[str, ...] | None
    verdict: Verdict
    reached: tuple[Reached, ...]
    from_cache: int
    """Answers out of the prompt cache, for which nothing was sent."""
    sentence: str = ""
    """The verdict in words."""
    notes: tuple[str, ...] = ()
    """What an auditor must know about how far it goes."""

    def count(self, *, place: Place | None = None, within: bool | None = None) -> int:
        """Attempts, of one place or on one side of the boundary."""
        return sum(
            each.attempts
            for each in self.reached
            if (place is None or each.place is place) and (within is None or each.within is within)
        )


def boundary_report(
    config: Config, route: str, sums: Sequence[SpendRow], from_ms: int, to_ms: int, changed_ms: int | None
) -> BoundaryReport:
    """Of sums by `BY`; `changed_ms` is when the configuration file was last written, None without one."""
    configured = next((each for each in config.routes if each.name == route), None)
    boundary = configured.boundary if configured else None
    mine = [row for row in sums if row.labels[0] == route]
    sent = (_reached(row, config, boundary) for row in mine if row.attempts > row.cache_hits)
    reached = tuple(sorted(sent, key=_first_to_look_at))
    found = BoundaryReport(
        route=clean(route),
        from_ms=from_ms,
        to_ms=to_ms,
        boundary=boundary,
        verdict=_verdict(boundary, reached),
        reached=reached,
        from_cache=sum(row.cache_hits for row in mine),
    )
    known = configured is not None or any(target.name == route for target in config.targets)
    return replace(found, sentence=_sentence(found), notes=tuple(_notes(found, config, changed_ms, known=known)))


def _reached(row: SpendRow, config: Config, boundary: Sequence[str] | None) -> Reached:
    _, name, provider, model = row.labels
    target = next((each for each in config.targets if each.name == name), None)
    if target is not None and (target.engine or target.provider, target.engine is not None) != (
        provider,
        row.self_hosted,
    ):
        target = None
    return Reached(
        target=clean(name),
        provider=clean(provider),
        model=clean(model),
        self_hosted=row.self_hosted,
        place=_place(target),
        address="" if target is None else _address(target),
        within=None if boundary is None else name in boundary,
        attempts=row.attempts - row.cache_hits,
        failed=row.failed,
    )


def _first_to_look_at(each: Reached) -> tuple[bool, bool, int]:
    """What left the boundary, then what left the premises, then the most."""
    return each.within is not False, each.place is Place.ON_PREMISES, -each.attempts


def _place(target: Target | None) -> Place:
    if target is None:
        return Place.UNKNOWN
    return Place.ON_PREMISES if target.local else Place.ELSEWHERE


def _address(target: Target) -> str:
    url = target.url or provider_url(target)
    host = urlsplit(url).netloc if url else ""
    via = f" via {urlsplit(target.proxy).netloc}" if target.proxy else ""
    return clean(f"{host}{via}")


def _verdict(boundary: Sequence[str] | None, reached: Sequence[Reached]) -> Verdict:
    if not reached:
        return Verdict.NOTHING_SENT
    if boundary is None:
        return Verdict.NO_BOUNDARY
    return Verdict.KEPT if all(each.within for each in reached) else Verdict.BROKEN


def _sentence(found: BoundaryReport) -> str:
    whole, allowed = found.count(), clean(", ".join(found.boundary or ()), 400)
    if found.verdict is Verdict.NOTHING_SENT:
        return f"the ledger has no attempt of {found.route} in this period"
    if found.verdict is Verdict.KEPT:
        return f"all {whole:,} attempts of {found.route} went to targets of its boundary ({allowed}); none left it"
    if found.verdict is Verdict.BROKEN:
        outside = ", ".join(dict.fromkeys(each.target for each in found.reached if not each.within))
        left = f"{found.count(within=False):,} of {whole:,} attempts of {found.route}"
        return f"{left} left its boundary ({allowed}): {outside}"
    away = whole - found.count(place=Place.ON_PREMISES)
    return f"{found.route} has no boundary: {away:,} of {whole:,} attempts were not certainly on premises"


def _notes(found: BoundaryReport, config: Config, changed_ms: int | None, *, known: bool) -> list[str]:
    notes = []
    if not known:
        notes.append(f"route {found.route} is not configured any more: which boundary it had is not recorded")
    if changed_ms is not None and changed_ms > found.from_ms:
        notes.append(
            f"the configuration was written at {iso(changed_ms)}, within the period: all of it is judged by the"
            " boundary and the addresses of now"
        )
    if found.verdict is Verdict.BROKEN:
        notes.append("`costtui export csv --raw` lists every attempt with its time and why it went there")
    if unknown := found.count(place=Place.UNKNOWN):
        notes.append(f"{unknown:,} attempts went to targets that are not configured any more, or as something else")
    notes += [
        f"what HAProxy {each.name} carries does not pass the gateway and is not in here"
        for each in config.balancers
        if each.route == found.route
    ]
    notes += [
        "clients that name a target instead of the route are not in here: they are under the target's name",
        "`costtui verify` says whether the ledger is what was written",
    ]
    return [clean(note, 400) for note in notes]
