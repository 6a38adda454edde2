"""The ledger's and the providers' rows brought to one shape, day by day, and compared."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from costtui.analysis.reconcile import DAY_MS, Billed, Metered, Place, Reconciliation, reconcile
from costtui.domain.amount import Provenance
from costtui.domain.bill import BilledLine, UsedLine
from costtui.domain.money import ZERO, NanoUsd
from costtui.domain.usage import Usage
from costtui.store.ledger.rows import SpendRow

METERED_BY = ("provider", "model", "provenance", "bucket")
"""How the ledger is asked, with buckets of a day."""
_DATED = re.compile(r"[-@](\d{4}-\d{2}-\d{2}|\d{8})$")
_COARSER = {"cache_write_1h": "cache_write"}
"""Kinds that the ledger's sums do not tell apart."""
_TOKENS = {"tokens": 1, "1000_tokens": 1_000}
"""What a bill's quantity counts, in tokens."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Whole days (UTC) that a provider has closed, within what was asked for."""

    from_ms: int
    until_ms: int


def closed_days(since_ms: int, now_ms: int, lag_seconds: int) -> Closed:
    """Days that began at or after `since_ms` and whose bill is due; empty where none is."""
    first = -(-since_ms // DAY_MS) * DAY_MS
    end = (now_ms - lag_seconds * 1000) // DAY_MS * DAY_MS
    return Closed(first, max(first, end))


def model_name(name: str) -> str:
    """As both sides can agree on: in small letters and without a version's date."""
    return _DATED.sub("", name.lower())


def compared(
    provider: str, counted: Iterable[SpendRow], lines: Sequence[BilledLine], used: Iterable[UsedLine], days: Closed
) -> Reconciliation:
    """One provider, its closed days. `counted` is the ledger by METERED_BY; `used` counts where the bill does not."""
    mine = [line for line in lines if days.from_ms <= line.from_ms and line.until_ms <= days.until_ms]
    first = {day: line.from_ms for line in mine for day in range(line.from_ms, line.until_ms, DAY_MS)}
    metered = [
        replace(row, place=row.place._replace(day_ms=_day(first.get(row.place.day_ms, row.place.day_ms))))
        for row in metered_rows(provider, counted)
        if days.from_ms <= row.place.day_ms < days.until_ms
    ]
    return reconcile(metered, _with_counts([_billed(line) for line in mine], used))


def metered_rows(provider: str, counted: Iterable[SpendRow]) -> Iterator[Metered]:
    """What the gateway counted of `provider`, by kind of token."""
    for row in counted:
        name, model, provenance, bucket = row.labels
        if name != provider or row.self_hosted:
            continue
        for kind, nano, tokens in _kinds(row):
            if nano or tokens:
                yield Metered(
                    Place(int(bucket), model_name(model), kind),
                    NanoUsd(nano),
                    tokens,
                    tokens if provenance == Provenance.UNKNOWN else 0,
                    NanoUsd(nano) if provenance == Provenance.ESTIMATED else ZERO,
                )


def _kinds(row: SpendRow) -> tuple[tuple[str, int, int], ...]:
    plain = row.input_tokens - row.cached_input_tokens - row.cache_write_tokens
    return (
        ("input", row.input_nano, plain),
        ("cached_input", row.cached_input_nano, row.cached_input_tokens),
        ("cache_write", row.cache_write_nano, row.cache_write_tokens),
        ("output", row.output_nano, row.output_tokens),
        ("requests", row.flat_nano, 0),
    )


def _day(at_ms: int) -> int:
    return at_ms // DAY_MS * DAY_MS


def _billed(line: BilledLine) -> Billed:
    dims = line.dims
    kind = _COARSER.get(dims.token_kind, dims.token_kind)
    tokens = None if line.quantity is None or line.unit not in _TOKENS else line.quantity * _TOKENS[line.unit]
    place = Place(_day(line.from_ms), model_name(dims.model), kind)
    return Billed(place, line.nano, tokens, dims.tier, (dims.key,) if dims.key else ())


def _with_counts(billed: list[Billed], used: Iterable[UsedLine]) -> list[Billed]:
    """Lines that count nothing take the counts of the provider's usage series: the first line of a place takes all."""
    if all(line.tokens is not None for line in billed):
        return billed
    counts: dict[Place, int] = {}
    for row in used:
        for kind, tokens in _counts(row.usage).items():
            for each in (kind, ""):
                at = Place(_day(row.from_ms), model_name(row.dims.model), each)
                counts[at] = counts.get(at, 0) + tokens
    told: set[Place] = set()
    found = []
    for line in billed:
        if line.tokens is None and line.place in counts:
            found.append(replace(line, tokens=Decimal(0 if line.place in told else counts[line.place])))
            told.add(line.place)
        else:
            found.append(line)
    return found


def _counts(usage: Usage | None) -> dict[str, int]:
    if usage is None:
        return {}
    written = usage.cache_write_tokens + usage.cache_write_1h_tokens
    return {
        "input": usage.input_tokens - usage.cached_input_tokens - written,
        "cached_input": usage.cached_input_tokens,
        "cache_write": written,
        "output": usage.output_tokens,
    }
