"""Advice read from what this host keeps: one composition for the command, the screen and the page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from costtui.analysis.advice import DAY_MS, WEEK_MS, Advice
from costtui.analysis.idle_hours import HOURS, Place, hours_of
from costtui.analysis.rent import owed, owed_ms, rate_at, terms_at
from costtui.config.model import Config
from costtui.domain.amount import RateSource
from costtui.domain.calendar import local, offsets
from costtui.domain.clean import clean
from costtui.domain.control import Revision
from costtui.rates.prices import PriceBook
from costtui.report import live
from costtui.report.advice import advice
from costtui.report.advice_figures import Figures, Memory, Owed
from costtui.report.counterfactual import Compared, catalogue_name, counterfactual
from costtui.report.followed import Followed
from costtui.report.followed_up import followed_up
from costtui.report.idle import IdleReport, idle_report
from costtui.report.let_go import let_go
from costtui.store.bills import BillReader
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader

HOUR_MS, QUARTER_MS = 3_600_000, 900_000


@dataclass(frozen=True, slots=True)
class Guidance:
    """What to do about it, what idled meanwhile, and what came of what was done."""

    advice: tuple[Advice, ...]
    """Dearest first."""
    idle: IdleReport
    followed: tuple[Followed, ...]
    """Newest first."""
    watched_ms: int
    """How long of the span this host was watched: amounts a month are at the pace of that."""


def guidance(
    state_dir: Path, figures: Figures, ledger: LedgerReader, revisions: tuple[Revision, ...], at_ms: int
) -> Guidance:
    """All that a screen of advice shows."""
    done = followed_up(state_dir, ledger, revisions, at_ms)[::-1]
    return Guidance(advice(figures), figures.idle, done, figures.compared_ms)


def figures_of(
    state_dir: Path,
    reader: TelemetryReader,
    ledger: LedgerReader,
    config: Config,
    book: PriceBook | None,
    from_ms: int,
    at_ms: int,
) -> Figures:
    """Of [from, at), with what providers and the gateway say of now."""
    known = reader.known_gpus()
    begin = max(from_ms, min((gpu.first_seen_ms for gpu in known.values()), default=from_ms))
    begin = min(begin - begin % QUARTER_MS, at_ms)
    compared = counterfactual(ledger, config, book, from_ms, at_ms)
    bought = _bought(ledger, config, compared, from_ms, at_ms)
    names = [target.name for target in config.targets if target.provider is not None]
    prices = {} if book is None else {name: book.price_of(name, at_ms) for name in names}
    return Figures(
        idle_report(reader, config, book, from_ms, at_ms),
        _owed(reader, from_ms, at_ms),
        compared,
        at_ms - max(from_ms, begin),
        config,
        hours_of(offsets(begin, at_ms, config.host.timezone)),
        _memory(reader, max(from_ms, at_ms - WEEK_MS), at_ms),
        reader.engine_totals(from_ms, at_ms) if bought else {},
        ledger.spend(from_ms, at_ms, ("route", "target", "model")),
        bought,
        {name: price for name, price in prices.items() if price is not None},
        ledger.answers(from_ms, at_ms),
        BillReader(state_dir).levels(),
        let_go(state_dir, at_ms),
    )


def _owed(reader: TelemetryReader, from_ms: int, to_ms: int) -> dict[int, Owed]:
    """By GPU index: rent of the time in which it was observed."""
    kept, totals, sessions = reader.terms(), reader.gpu_totals(from_ms, to_ms), reader.sessions(from_ms, to_ms)
    found = {}
    for gpu in reader.known_gpus().values():
        terms = kept.get(gpu.uuid, ())
        state = totals.get(gpu.uuid)
        seen = sum(state.milliseconds.values()) if state is not None else 0
        begin = max(from_ms, gpu.first_seen_ms)
        rent, whole = owed(terms, sessions, begin, to_ms), owed_ms(terms, sessions, begin, to_ms)
        now = terms_at(terms, to_ms)
        found[gpu.index] = Owed(
            None if rent is None or not whole else type(rent)(rent * min(seen, whole) // whole),
            seen,
            "always" if now is None else now.rent,
            RateSource.UNKNOWN if now is None else now.source,
            rate_at(terms, to_ms),
        )
    return found


def _memory(reader: TelemetryReader, from_ms: int, to_ms: int) -> dict[int, Memory]:
    """By GPU index: the most that was in use, of what the newest picture says there is."""
    status = reader.status()
    gpus: Iterable[Mapping[str, object]] = () if status is None else live.load(status.body).get("gpus", ())
    totals = {each.get("uuid"): each.get("memory_total_bytes") for each in gpus}
    found = {}
    for gpu in reader.known_gpus().values():
        total = totals.get(gpu.uuid)
        points = reader.gpu_history(gpu.uuid, from_ms, to_ms, DAY_MS) if isinstance(total, int) else []
        used = [point.memory_used_bytes for point in points if point.memory_used_bytes is not None]
        if used and isinstance(total, int):
            found[gpu.index] = Memory(max(used), total)
    return found


def _bought(
    ledger: LedgerReader, config: Config, compared: Sequence[Compared], from_ms: int, to_ms: int
) -> dict[str, dict[Place, int]]:
    """Output tokens of APIs by hour of the week, of models that own engines serve too."""
    both = {each.model for each in compared if each.hosted_tokens and each.paid_nano}
    if not both:
        return {}
    targets, zone = {target.name: target for target in config.targets}, config.host.timezone
    found: dict[str, dict[Place, int]] = {name: {} for name in both}
    begin = from_ms - from_ms % HOUR_MS
    for row in ledger.spend(begin, to_ms, ("target", "model", "bucket"), bucket_ms=HOUR_MS):
        name = clean(catalogue_name(targets.get(row.labels[0]), row.labels[1]), 80)
        if row.self_hosted or name not in both:
            continue
        here = local(int(row.labels[2]), zone)
        place = (here.weekday(), here.hour % HOURS)
        found[name][place] = found[name].get(place, 0) + row.output_tokens
    return found
