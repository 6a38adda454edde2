"""Charges of a span as FOCUS 1.2 rows, a day at a time: the ledger's by kind of token, the GPUs' by what they did."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from costtui.analysis.focus import COLUMNS, MILLION_TOKENS, REQUESTS, TOKENS, Charged, Row, cost_columns
from costtui.domain.amount import Provenance
from costtui.domain.calendar import day_of, month_of
from costtui.domain.clean import clean
from costtui.domain.finance import KEY, OWNER, TEAM, Finance, group_of, tag_pairs
from costtui.domain.money import MS_PER_HOUR, ZERO, NanoUsd, usd_from_nano
from costtui.report.metered import Ledger
from costtui.store.ledger.rows import SpendRow

BY = ("bucket", "provider", "model", "key_id", "tag", "provenance")
SETTLE_MS = 120_000
"""An hour is told this long after its end: an attempt may still be on its way into the ledger."""
MILLION = Decimal(1_000_000)
INVOICED = (Provenance.METERED, Provenance.BILLED, Provenance.FREE)


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose bill it is, and what everything is called on it."""

    host: str
    zone: ZoneInfo
    """A billing period is a month of this zone."""
    finance: Finance
    keys: Mapping[str, str]
    """Names of gateway keys by id."""


@dataclass(frozen=True, slots=True)
class Hour:
    """A charge period."""

    from_ms: int
    to_ms: int


def whole_hours(from_ms: int, to_ms: int, zone: ZoneInfo) -> Iterator[tuple[Hour, ...]]:
    """The hours of each local day, counted from its midnight: from the one that holds `from_ms`, until `to_ms`."""
    at_ms = from_ms
    while at_ms < to_ms:
        begins, ends = day_of(at_ms, zone)
        first = begins + (at_ms - begins) // MS_PER_HOUR * MS_PER_HOUR
        hours = (Hour(each, min(each + MS_PER_HOUR, ends)) for each in range(first, ends, MS_PER_HOUR))
        yield tuple(hour for hour in hours if hour.to_ms <= to_ms)
        at_ms = ends


def api_rows(ledger: Ledger, payer: Payer, hours: tuple[Hour, ...]) -> Iterator[Row]:
    """One row per hour, provider, key, model, kind of token, tag and provenance; in the order of these.

    What was answered from costtui's own prompt cache is no charge.
    """
    if not hours:
        return
    ends = {hour.from_ms: hour for hour in hours}
    sums = ledger.spend(hours[0].from_ms, hours[-1].to_ms, BY, bucket_ms=MS_PER_HOUR)
    sent = [row for row in sums if not (row.self_hosted and row.attempts == row.cache_hits)]
    for row in sorted(sent, key=lambda row: (int(row.labels[0]), *row.labels[1:], row.self_hosted)):
        for kind in _kinds(row):
            yield _api_row(payer, ends[int(row.labels[0])], row, kind)


def period_columns(payer: Payer, hour: Hour) -> Row:
    """When, and on whose bill."""
    begins, ends = month_of(hour.from_ms, payer.zone)
    return {
        "BillingAccountId": f"costtui:{payer.host}",
        "BillingAccountName": payer.host,
        "BillingCurrency": "USD",
        "BillingPeriodStart": moment(begins),
        "BillingPeriodEnd": moment(ends),
        "ChargePeriodStart": moment(hour.from_ms),
        "ChargePeriodEnd": moment(hour.to_ms),
    }


def moment(at_ms: int) -> str:
    """As FOCUS writes it, to the second."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def whole_row(*parts: Row) -> Row:
    """All columns in their order; what no part says is empty."""
    said = {name: value for part in parts for name, value in part.items()}
    return {name: said.get(name) for name in COLUMNS}


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of token of a sum, or what is not by token."""

    name: str
    meter: str
    tokens: int
    nano: int | None


def _kinds(row: SpendRow) -> Iterator[_Kind]:
    """Those that were used or cost something; where neither can be said, the requests alone."""
    fresh = max(row.input_tokens - row.cached_input_tokens - row.cache_write_tokens, 0)
    known = row.nano is not None
    kinds = (
        _Kind("input", "Input tokens", fresh, row.input_nano if known else None),
        _Kind("cached-input", "Cached input tokens", row.cached_input_tokens, row.cached_input_nano if known else None),
        _Kind("cache-write", "Cache write tokens", row.cache_write_tokens, row.cache_write_nano if known else None),
        _Kind("output", "Output tokens", row.output_tokens, row.output_nano if known else None),
        _Kind("flat", "Share of rent" if row.self_hosted else "Requests", 0, row.flat_nano if known else None),
    )
    found = [kind for kind in kinds if kind.tokens or kind.nano]
    if not found and row.unpriced:
        found = [kinds[-1]]
    yield from found


def _api_row(payer: Payer, hour: Hour, row: SpendRow, kind: _Kind) -> Row:
    _, provider, model, key_id, tag, provenance = row.labels
    sku = f"{provider}/{model}/{kind.name}"
    return whole_row(
        period_columns(payer, hour),
        _seller(payer, row, provider),
        _charge(row, kind, Provenance(provenance)),
        {
            "ChargeCategory": "Usage",
            "ChargeDescription": f"{model}: {kind.meter.lower()}",
            "ChargeFrequency": "Usage-Based",
            "ConsumedQuantity": kind.tokens or row.attempts,
            "ConsumedUnit": TOKENS if kind.tokens else REQUESTS,
            "SkuId": sku,
            "SkuPriceId": sku,
            "SkuMeter": kind.meter,
            "SubAccountId": key_id or None,
            "SubAccountName": (payer.keys.get(key_id) or key_id) or None,
            "Tags": _tags(payer, key_id, tag),
            "x_CosttuiUnpricedAttempts": row.unpriced,
        },
    )


def _charge(row: SpendRow, kind: _Kind, provenance: Provenance) -> Row:
    """An own engine's share of the rent is in the GPUs' rows already: here it costs nothing and stands beside."""
    quantity = Decimal(kind.tokens) / MILLION if kind.tokens else Decimal(row.attempts)
    unit = MILLION_TOKENS if kind.tokens else REQUESTS
    if row.self_hosted:
        share = None if kind.nano is None else usd_from_nano(kind.nano)
        return {**cost_columns(Charged(ZERO, provenance, False, quantity, unit)), "x_CosttuiShareCost": share}
    nano = None if kind.nano is None else NanoUsd(kind.nano)
    return cost_columns(Charged(nano, provenance, provenance in INVOICED, quantity, unit))


def _seller(payer: Payer, row: SpendRow, provider: str) -> Row:
    name = payer.host if row.self_hosted else provider
    return {
        "InvoiceIssuerName": name,
        "ProviderName": name,
        "PublisherName": name,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceSubcategory": "Generative AI",
        "ServiceName": f"{provider} on own GPUs" if row.self_hosted else f"{provider} API",
    }


def _tags(payer: Payer, key_id: str, tag: str) -> str:
    """What the request said, and the team and owner that follow; a word without a value is true."""
    pairs: dict[str, str | bool] = {name: value or True for name, value in tag_pairs(tag).items()}
    members = (f"{KEY}{payer.keys.get(key_id, key_id)}", f"{KEY}{key_id}") if key_id else ()
    for by in (TEAM, OWNER):
        if group := group_of(payer.finance, by, members, tag):
            pairs[by] = group
    return json.dumps({clean(name): clean(v) if isinstance(v, str) else v for name, v in sorted(pairs.items())})
