"""Advice read from what this host keeps: one composition for the command, the screen and the page."""

from costtui.analysis.advice import Advice
from costtui.analysis.rent import owed, owed_ms
from costtui.config.model import Config
from costtui.rates.prices import PriceBook
from costtui.report.advice import Owed, advice
from costtui.report.counterfactual import counterfactual
from costtui.report.idle import idle_report
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader


def advised(
    reader: TelemetryReader, ledger: LedgerReader, config: Config, book: PriceBook | None, from_ms: int, at_ms: int
) -> tuple[Advice, ...]:
    """What the figures within [from, at) support, dearest first."""
    idle = idle_report(reader, config, book, from_ms, at_ms)
    compared = counterfactual(ledger, config, book, from_ms, at_ms)
    return advice(idle, _owed(reader, from_ms, at_ms), compared, _carried_ms(reader, from_ms, at_ms))


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
        found[gpu.index] = Owed(
            None if rent is None or not whole else type(rent)(rent * min(seen, whole) // whole), seen
        )
    return found


def _carried_ms(reader: TelemetryReader, from_ms: int, to_ms: int) -> int:
    """How long of the span this host has been watched: what came before cannot be told from nothing."""
    first = min((gpu.first_seen_ms for gpu in reader.known_gpus().values()), default=from_ms)
    return to_ms - max(from_ms, first)
