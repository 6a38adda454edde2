"""Tokens of own engines and of APIs over the last weeks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from costtui.config.model import Config, Target
from costtui.domain.clean import clean
from costtui.domain.money import MS_PER_HOUR
from costtui.domain.tick import EngineTotals
from costtui.report.metered import Ledger
from costtui.store.reader import TelemetryReader
from costtui.store.rows import EnginePoint

DAY_MS = 24 * MS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Served:
    """One own engine."""

    name: str
    model: str
    target: Target | None
    gpus: tuple[str, ...] | None
    """UUIDs; None: not known which."""
    tokens: EngineTotals
    span_ms: int
    """From the first hour in which it was looked at until now; 0: never."""
    days: tuple[Decimal, ...]
    """Tokens of each whole 24 hours, back from this hour, oldest first."""
    best_output_per_second: Decimal | None
    """Its best sustained minute, or as configured."""

    @property
    def input_tokens(self) -> int:
        """Cached ones too, and those served while nobody looked."""
        return self.tokens.input_tokens + self.tokens.gap_input_tokens

    @property
    def cached_tokens(self) -> int:
        """Never more than the input."""
        return min(self.tokens.cached_input_tokens + self.tokens.gap_cached_input_tokens, self.input_tokens)

    @property
    def output_tokens(self) -> int:
        """Those served while nobody looked too."""
        return self.tokens.output_tokens + self.tokens.gap_output_tokens

    @property
    def tokens_per_day(self) -> Decimal | None:
        """Mean over the span; None for less than an hour of it."""
        if self.span_ms < MS_PER_HOUR:
            return None
        return Decimal(self.input_tokens + self.output_tokens) * DAY_MS / self.span_ms


@dataclass(frozen=True, slots=True)
class Bought:
    """What APIs did; and what own targets did by model, as adapters have names there."""

    input_tokens: int
    cached_tokens: int
    output_tokens: int
    span_ms: int
    own_models: Mapping[tuple[str, str], int]
    """Tokens by own target and model."""

    @property
    def tokens_per_day(self) -> Decimal | None:
        """Mean over the span; None for less than an hour of it."""
        if self.span_ms < MS_PER_HOUR:
            return None
        return Decimal(self.input_tokens + self.output_tokens) * DAY_MS / self.span_ms


def served_by(
    telemetry: TelemetryReader, config: Config, engines: Sequence[Mapping[str, Any]], from_ms: int, now_ms: int
) -> tuple[Served, ...]:
    """Every engine of the picture or the configuration, most tokens first."""
    targets = {target.name: target for target in config.engines}
    seen = {each["name"]: each for each in engines}
    totals = telemetry.engine_totals(from_ms, now_ms)
    found = [_served(telemetry, name, targets.get(name), seen.get(name, {}), totals, from_ms, now_ms)
             for name in dict.fromkeys((*seen, *targets))]  # fmt: skip
    return tuple(sorted(found, key=lambda each: (-(each.input_tokens + each.output_tokens), each.name)))


def _served(
    telemetry: TelemetryReader,
    name: str,
    target: Target | None,
    seen: Mapping[str, Any],
    totals: Mapping[str, EngineTotals],
    from_ms: int,
    now_ms: int,
) -> Served:
    hours = telemetry.engine_history(name, from_ms, now_ms, MS_PER_HOUR)
    days = _days(hours, now_ms)
    model = (target.model if target else None) or seen.get("model") or name
    configured = target.capacity_output_tokens_per_second if target else None
    best = configured or seen.get("best")
    return Served(
        clean(name),
        clean(model),
        target,
        seen.get("gpus"),
        totals.get(name, EngineTotals()),
        now_ms - hours[0].at_ms if hours else 0,
        days,
        None if best is None else Decimal(str(best)),
    )


def _days(hours: Sequence[EnginePoint], now_ms: int) -> tuple[Decimal, ...]:
    """Tokens of each 24 hours, back from the beginning of this hour, which is not over."""
    end_ms = now_ms // MS_PER_HOUR * MS_PER_HOUR
    whole = (end_ms - hours[0].at_ms) // DAY_MS if hours else 0
    days = [Decimal(0)] * whole
    for hour in hours:
        place = whole - 1 - (end_ms - 1 - hour.at_ms) // DAY_MS
        if 0 <= place < whole:
            days[place] += hour.input_tokens + hour.output_tokens
    return tuple(days)


def bought_tokens(ledger: Ledger, from_ms: int, to_ms: int) -> Bought:
    """Sums of the ledger; the span begins with the first hour that has any."""
    rows = ledger.spend(from_ms, to_ms, ("target", "model", "bucket"), bucket_ms=DAY_MS)
    paid = [row for row in rows if not row.self_hosted]
    own: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.self_hosted:
            key = (clean(row.labels[0]), clean(row.labels[1]))
            own[key] = own.get(key, 0) + row.input_tokens + row.output_tokens
    begins = _begins(ledger, min((int(row.labels[2]) for row in paid), default=to_ms), to_ms)
    return Bought(
        sum(row.input_tokens for row in paid),
        sum(row.cached_input_tokens for row in paid),
        sum(row.output_tokens for row in paid),
        to_ms - begins,
        own,
    )


def _begins(ledger: Ledger, day_ms: int, to_ms: int) -> int:
    """The first hour of the first day in which an API was asked."""
    hours = ledger.spend(day_ms, min(day_ms + DAY_MS, to_ms), ("bucket",), bucket_ms=MS_PER_HOUR)
    return min((int(row.labels[0]) for row in hours if not row.self_hosted), default=day_ms)
