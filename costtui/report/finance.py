"""A month for whoever pays the bills: APIs, own engines' shares and GPUs by team, owner, route or user.

They are columns of their own and never added: an own engine's share is part of the rent beside it, and what a provider
billed stands apart from what others were metered at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from costtui.domain.amount import Provenance, RateSource
from costtui.domain.clean import clean
from costtui.domain.finance import KEY, OWNER, TEAM, USER, Finance, group_of
from costtui.domain.holder import LOST, NOBODY, UNKNOWN, Holder
from costtui.domain.money import NanoUsd
from costtui.report.finance_bills import NO_BILLS, BilledMonth, BilledRow
from costtui.report.finance_gpus import Gpus, Share, Stretch, Telemetry, gpus_of, shares, stretches
from costtui.report.metered import Ledger
from costtui.store.ledger.rows import SpendRow

BY = (TEAM, OWNER, "route", "user", "job", "key", "provider", "model")
NONE, GPUS, CORRECTIONS = "(none)", "(GPUs)", "(corrections of rent)"
BILLED = "(billed, past the gateway)"
IDLE, HIDDEN, UNSEEN, FALLEN = "(held by nobody)", "(owner not known)", "(holder not recorded)", "(GPU lost)"
_NO_USER = {NOBODY: IDLE, UNKNOWN: HIDDEN, LOST: FALLEN}
_ASKED: Mapping[str, tuple[str, ...]] = {
    TEAM: ("tag", "key_id"),
    OWNER: ("tag", "key_id"),
    "user": ("key_id",),
    "job": (),
    "key": ("key_id",),
    "route": ("route",),
    "provider": ("provider",),
    "model": ("model",),
}
"""What the ledger is asked by, beside the provenance."""


@dataclass(frozen=True, slots=True)
class Names:
    """Who is who: gateway keys by id, and the Unix user whose processes call without one."""

    keys: Mapping[str, str]
    unix_user: str


@dataclass(slots=True)
class Tally:
    """A sum of which parts may be unknown."""

    nano: int = 0
    known: int = 0
    unknown: int = 0

    def add(self, nano: int | None, count: int = 1) -> None:
        """`count` parts; None is unknown."""
        if nano is None:
            self.unknown += count
        else:
            self.nano += nano
            self.known += count

    @property
    def shown(self) -> NanoUsd | None:
        """The known part; None where there is something and nothing of it is known."""
        return None if self.unknown and not self.known else NanoUsd(self.nano)


@dataclass(slots=True)
class FinanceLine:
    """One team, owner, route or user, or the whole month."""

    name: str
    requests: int = 0
    metered: Tally = field(default_factory=Tally)
    """Of APIs: usage times price. Its `unknown` counts attempts without a price."""
    estimated: Tally = field(default_factory=Tally)
    """Of APIs, where usage or price was inferred: nobody's bill yet."""
    billed: Tally = field(default_factory=Tally)
    """By API providers of whom the gateway metered nothing."""
    share: Tally = field(default_factory=Tally)
    """Of own engines: part of rent and power that are in the next two already."""
    rent: Tally = field(default_factory=Tally)
    power: Tally = field(default_factory=Tally)

    @property
    def metered_nano(self) -> NanoUsd | None:
        """None where APIs were called and nothing of it is known."""
        return None if self.estimated.known == 0 and self.metered.shown is None else NanoUsd(self.metered.nano)

    def take(self, row: SpendRow) -> None:
        """Sums of the ledger, all of one provenance; it is the last label."""
        self.requests += row.requests
        priced = row.attempts - row.unpriced
        to = self.share if row.self_hosted else self.metered
        if row.labels[-1] == Provenance.ESTIMATED and not row.self_hosted:
            to = self.estimated
        if priced:
            to.add(row.nano, priced)
        if row.unpriced:
            (self.share if row.self_hosted else self.metered).add(None, row.unpriced)


@dataclass(frozen=True, slots=True)
class HostBill:
    """The GPU host's invoice against the rent of the contracts, both of one month."""

    accrued: NanoUsd | None
    """Rent of all rented GPUs; owned ones are on no invoice. None where no rate is known."""
    corrections: NanoUsd
    """Dated in this month."""
    invoice: NanoUsd | None

    @property
    def difference(self) -> NanoUsd | None:
        """Invoice less rent and corrections: positive where the host wants more."""
        if self.invoice is None or self.accrued is None:
            return None
        return NanoUsd(self.invoice - self.accrued - self.corrections)


@dataclass(frozen=True, slots=True)
class FinanceReport:
    """A month, or what is over of it."""

    by: str
    from_ms: int
    to_ms: int
    lines: tuple[FinanceLine, ...]
    """Dearest first; what belongs to nobody last."""
    total: FinanceLine
    bill: HostBill
    notes: tuple[str, ...]


def finance_report(
    ledger: Ledger,
    telemetry: Telemetry,
    finance: Finance,
    names: Names,
    by: str,
    span: tuple[int, int],
    invoice: NanoUsd | None,
    billed: BilledMonth = NO_BILLS,
) -> FinanceReport:
    """The report of `span`, whole quarters of an hour; `by` is one of BY."""
    book = _Book(by, finance, names)
    for row in ledger.spend(*span, (*_ASKED[by], "provenance")):
        book.line(book.payer(row)).take(row)
    for line in billed.rows:
        book.line(book.billed(line)).take_bill(line.nano)
    gpus = gpus_of(telemetry, span[1])
    bill = _take_gpus(book, telemetry, gpus, span, invoice)
    lines = tuple(sorted(book.lines.values(), key=_dearest_first))
    notes = (*_notes(book, gpus, bill), *billed.notes)
    return FinanceReport(by, *span, lines, book.total, bill, notes)


def _dearest_first(line: FinanceLine) -> tuple[bool, int, str]:
    parts = (line.metered, line.estimated, line.billed, line.rent)
    return line.name.startswith("("), -sum(part.nano for part in parts), line.name


class _Book:
    """Lines by name; whatever is added to one is added to the total."""

    def __init__(self, by: str, finance: Finance, names: Names) -> None:
        self.by = by
        self.lines: dict[str, FinanceLine] = {}
        self.total = FinanceLine("total")
        self.unknown_gpus: set[int] = set()
        self.sources: set[RateSource] = set()
        self._finance = finance
        self._names = names

    def line(self, name: str) -> "_Both":
        name = clean(name) or NONE
        return _Both((self.lines.setdefault(name, FinanceLine(name)), self.total))

    def payer(self, row: SpendRow) -> str:
        """The line of a row of the ledger."""
        if self.by == "job":
            return NONE
        if self.by in ("route", "provider", "model"):
            return row.labels[0]
        key_id = row.labels[-2]
        name = self._names.keys.get(key_id, key_id)
        user = f"{USER}{self._names.unix_user}"
        if self.by == "key":
            return name or "(no key: same user)"
        if self.by == "user":
            return f"{KEY}{name}" if key_id else user
        members = (f"{KEY}{name}", f"{KEY}{key_id}") if key_id else (user,)
        return group_of(self._finance, self.by, members, row.labels[0])

    def billed(self, row: BilledRow) -> str:
        """The line of a bill's line: its keys are the provider's, which belong to no team, route or user here."""
        return {"provider": row.provider, "model": row.model}.get(self.by) or BILLED

    def holder(self, holder: Holder | None) -> str:
        """The line of whoever held a GPU."""
        if self.by not in (TEAM, OWNER, "user", "job"):
            return GPUS
        if holder is None or not holder.user:
            return UNSEEN if holder is None else _NO_USER[holder]
        if self.by == "job":
            return f"job {holder.job} of {holder.user}" if holder.job else NONE
        user = f"{USER}{holder.user}"
        return user if self.by == "user" else group_of(self._finance, self.by, (user,))


@dataclass(frozen=True, slots=True)
class _Both:
    """A line and the total."""

    lines: tuple[FinanceLine, FinanceLine]

    def take(self, row: SpendRow) -> None:
        for line in self.lines:
            line.take(row)

    def take_bill(self, nano: int | None) -> None:
        for line in self.lines:
            line.billed.add(nano)

    def take_share(self, share: Share) -> None:
        for line in self.lines:
            line.rent.add(share.rent)
            line.power.add(share.power)

    def correct(self, nano: int) -> None:
        for line in self.lines:
            line.rent.add(nano)


def _take_gpus(
    book: _Book, telemetry: Telemetry, gpus: Gpus, span: tuple[int, int], invoice: NanoUsd | None
) -> HostBill:
    rented = Tally()
    held: dict[tuple[int, int], dict[str, dict[Holder, int]]] = {}
    for stretch in stretches(telemetry, gpus, *span):
        window = stretch.from_ms, stretch.to_ms
        if window not in held:
            held[window] = telemetry.holder_totals(*window)
        _take_stretch(book, stretch, held[window].get(stretch.gpu.uuid, {}))
        if stretch.source is not RateSource.OWNED:
            rented.add(stretch.account.rent)
    mine = [each for each in telemetry.adjustments(*span) if each.uuid in {gpu.uuid for gpu in gpus.known}]
    for each in mine:
        book.line(CORRECTIONS).correct(each.nano_usd)
    return HostBill(rented.shown, NanoUsd(sum(each.nano_usd for each in mine)), invoice)


def _take_stretch(book: _Book, stretch: Stretch, held: Mapping[Holder, int]) -> None:
    book.sources.add(stretch.source)
    if stretch.account.rent is None:
        book.unknown_gpus.add(stretch.gpu.index)
    for share in shares(stretch, held):
        book.line(book.holder(share.holder)).take_share(share)


def _notes(book: _Book, gpus: Gpus, bill: HostBill) -> Sequence[str]:
    total, notes = book.total, []
    if total.metered.unknown:
        notes.append(f"{total.metered.unknown:,} attempts at APIs have no price and are in no sum")
    if total.estimated.known:
        notes.append("estimated: usage or price was inferred; a provider's bill may say otherwise")
    if book.unknown_gpus:
        listed = ", ".join(str(index) for index in sorted(book.unknown_gpus))
        notes.append(f"GPU {listed}: no rate is known for all or part of the time; see [[gpus]] of the configuration")
    if RateSource.LIST in book.sources:
        notes.append("part of the rent is at list price, not by your contract; see [[gpus]] of the configuration")
    if RateSource.OWNED in book.sources and bill.accrued is not None:
        notes.append("owned GPUs are in the rent by their amortisation and on no invoice")
    if gpus.known and total.power.unknown:
        notes.append("power is unknown for part of the time")
    return notes
