"""Spend in columns: today, seven days, the month, by whatever one asks; APIs apart from self-hosted targets."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from costtui.domain.calendar import day_of, month_of
from costtui.domain.clean import clean
from costtui.domain.money import MS_PER_HOUR
from costtui.report import schema
from costtui.report.billed_spend import BilledProvider
from costtui.report.metered import Ledger, apis, cache, known_usd, provenance
from costtui.report.money import usd
from costtui.store.ledger.rows import SpendRow

GROUPINGS = ("provider", "model", "route", "key", "token kind")
_DIMENSION = {"provider": "provider", "model": "model", "route": "route", "key": "key_id"}
QUARTER_MS = 900_000
WEEK_MS = 7 * 86_400_000
HOURS = 24
KINDS: tuple[tuple[str, str, str], ...] = (
    ("input", "input_nano", "input_tokens"),
    ("cached input", "cached_input_nano", "cached_input_tokens"),
    ("cache writes", "cache_write_nano", "cache_write_tokens"),
    ("output", "output_nano", "output_tokens"),
    ("flat: requests, images, stated costs", "flat_nano", ""),
)
"""Name, what it cost, its tokens. The input's tokens are those that are in no other kind."""


@dataclass(frozen=True, slots=True)
class Sum:
    """One window. `usd` is the known part, None where nothing is known; `unpriced` attempts are not in it."""

    usd: Decimal | None
    unpriced: int
    requests: int
    tokens: int


@dataclass(frozen=True, slots=True)
class SpendLine:
    """One provider, model, route, key or kind of token."""

    name: str
    self_hosted: bool
    provenance: str
    today: Sum
    week: Sum
    month: Sum
    hours: tuple[int, ...]
    """Nano-USD of each of the last 24 hours, oldest first."""


@dataclass(frozen=True, slots=True)
class SpendTable:
    """What was spent, by `by`. Self-hosted lines are shares of rent and power and in no total of APIs."""

    by: str
    apis: tuple[SpendLine, ...]
    hosted: tuple[SpendLine, ...]
    billed: tuple[SpendLine, ...]
    """As providers' bills say that no gateway meters; in no total of what is metered."""
    whole: SpendLine
    """All APIs together."""
    cache: schema.Cache
    """Of today."""


def spend_table(
    ledger: Ledger, by: str, now_ms: int, zone: ZoneInfo, billed: Callable[[Collection[str]], Sequence[BilledProvider]]
) -> SpendTable:
    """The table at `now_ms`; days and months are those of `zone`. `by` is one of GROUPINGS; `billed` is given the
    metered providers and tells the bills of the others."""
    asked = [_DIMENSION[by]] if by in _DIMENSION else []
    end_ms = -(-now_ms // 60_000) * 60_000
    starts = (day_of(now_ms, zone)[0], (now_ms - WEEK_MS) // QUARTER_MS * QUARTER_MS, month_of(now_ms, zone)[0])
    windows = [ledger.spend(start, end_ms, asked) for start in starts]
    first_ms = (now_ms // MS_PER_HOUR - HOURS + 1) * MS_PER_HOUR
    hourly = ledger.spend(first_ms, end_ms, [*asked, "bucket"], bucket_ms=MS_PER_HOUR)
    lines = _by_kind if by == "token kind" else _by_label
    found = lines(windows, hourly, first_ms)
    day = ledger.spend(starts[0], end_ms, ("provider", "model"))
    whole = _line("all APIs", False, [apis(rows) for rows in windows], apis(hourly), first_ms)
    return SpendTable(
        by,
        tuple(line for line in found if not line.self_hosted),
        tuple(line for line in found if line.self_hosted),
        _bills(billed({row.labels[0] for row in apis(ledger.spend(starts[2], end_ms, ("provider",)))}), starts, by),
        whole,
        cache(day),
    )


def _bills(providers: Sequence[BilledProvider], starts: tuple[int, int, int], by: str) -> tuple[SpendLine, ...]:
    """One line each; bills do not know routes and keys of the gateway."""
    lines = []
    for provider in providers if by == "provider" else ():
        sums = [provider.since(start) for start in starts]
        today, week, month = (Sum(usd(amount.nano), len(amount.unknown), 0, 0) for amount in sums)
        lines.append(SpendLine(provider.name, False, sums[2].provenance.value, today, week, month, ()))
    return tuple(lines)


def _by_label(windows: Sequence[Sequence[SpendRow]], hourly: Sequence[SpendRow], first_ms: int) -> list[SpendLine]:
    found = dict.fromkeys((row.labels[0], row.self_hosted) for rows in windows for row in rows)
    lines = []
    for name, hosted in found:
        mine = [[row for row in rows if (row.labels[0], row.self_hosted) == (name, hosted)] for rows in windows]
        hours = [row for row in hourly if (row.labels[0], row.self_hosted) == (name, hosted)]
        lines.append(_line(clean(name) or "(no key: same user)", hosted, mine, hours, first_ms))
    return sorted(lines, key=lambda line: (-(line.month.usd or line.week.usd or 0), line.name))


def _line(
    name: str, hosted: bool, windows: Sequence[Sequence[SpendRow]], hourly: Sequence[SpendRow], first_ms: int
) -> SpendLine:
    today, week, month = (
        Sum(known_usd(rows), _count(rows, "unpriced"), _count(rows, "requests"), _tokens(rows)) for rows in windows
    )
    word = provenance([*windows[1], *windows[2]])
    return SpendLine(name, hosted, word, today, week, month, _hours(hourly, first_ms, lambda row: row.nano or 0))


def _count(rows: Sequence[SpendRow], field: str) -> int:
    return sum(getattr(row, field) for row in rows)


def _tokens(rows: Sequence[SpendRow]) -> int:
    return sum(row.input_tokens + row.output_tokens for row in rows)


def _hours(rows: Sequence[SpendRow], first_ms: int, nano_of: Callable[[SpendRow], int]) -> tuple[int, ...]:
    hours = [0] * HOURS
    for row in rows:
        place = (int(row.labels[-1]) - first_ms) // MS_PER_HOUR
        if 0 <= place < HOURS:
            hours[place] += nano_of(row)
    return tuple(hours)


def _by_kind(windows: Sequence[Sequence[SpendRow]], hourly: Sequence[SpendRow], first_ms: int) -> list[SpendLine]:
    """APIs only: what a self-hosted target costs has no kinds."""
    paid = [apis(rows) for rows in windows]
    lines = []
    for name, nano, tokens in KINDS:
        today, week, month = (_kind(rows, nano, tokens) for rows in paid)
        hours = _hours(apis(hourly), first_ms, lambda row, nano=nano: int(getattr(row, nano)))  # type: ignore[misc]  # a default binds the loop's value
        if month.tokens or week.tokens or month.usd or week.usd:
            lines.append(SpendLine(name, False, provenance([*paid[1], *paid[2]]), today, week, month, hours))
    return lines


def _kind(rows: Sequence[SpendRow], nano: str, tokens: str) -> Sum:
    counted = _count(rows, tokens) if tokens else 0
    if tokens == "input_tokens":
        counted -= _count(rows, "cached_input_tokens") + _count(rows, "cache_write_tokens")
    known = None if rows and all(row.nano is None for row in rows) else usd(_count(rows, nano))
    return Sum(known, _count(rows, "unpriced"), 0, counted)
