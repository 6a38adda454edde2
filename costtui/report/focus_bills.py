"""What providers that no gateway meters billed, as FOCUS 1.2 rows: one per line of the bill, in its own grain."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from costtui.analysis.focus import REQUESTS, TOKENS, Charged, Row, cost_columns
from costtui.domain.amount import Provenance
from costtui.domain.bill import BilledLine
from costtui.domain.clean import clean
from costtui.report.billed_spend import SCOPES
from costtui.report.bills import Bills, spend_feed
from costtui.report.focus import Hour, Payer, moment, period_columns, whole_row

UTC = ZoneInfo("UTC")
"""Providers bill days and months of UTC."""
LINES = "Units"
_UNITS = {"tokens": TOKENS, "1000_tokens": "1000 Tokens", "requests": REQUESTS, "seconds": "Seconds"}
"""What a line's quantity counts; a line that counts something else is one unit of itself."""
_UNPRICED = ("ListUnitPrice", "ContractedUnitPrice")


def bill_rows(bills: Bills, providers: Collection[str], payer: Payer, from_ms: int, until_ms: int) -> Iterator[Row]:
    """Lines wholly within the span of `providers`, which must be those that nobody meters.

    An organisation's whole bill is not this host's and is left out; of two feeds that tell the same money one is read.
    """
    feeds = bills.feeds()
    for name in sorted(providers):
        spend = spend_feed([state for (provider, _), state in feeds.items() if provider == name])
        if spend is None or spend.scope not in SCOPES:
            continue
        kept = [each for each in bills.lines(from_ms, until_ms, provider=name) if each.feed == spend.feed]
        lines = [each.line for each in kept if not each.gone and each.line.until_ms <= until_ms]
        yield from (_row(payer, name, line) for line in sorted(lines, key=lambda line: (line.from_ms, line.dims)))


def _row(payer: Payer, provider: str, line: BilledLine) -> Row:
    dims = line.dims
    holder = clean(dims.key or dims.project) or None
    words = (dims.model, dims.token_kind, dims.tier, dims.item)
    period = period_columns(replace(payer, zone=UTC), Hour(line.from_ms, line.until_ms))
    ends = max(str(period["BillingPeriodEnd"]), moment(line.until_ms))
    return whole_row(
        {**period, "BillingPeriodEnd": ends},
        _seller(clean(provider)),
        _charge(line),
        _meter(clean(provider), line),
        {
            "ChargeDescription": clean(", ".join(word for word in words if word)) or "as billed",
            "SubAccountId": holder,
            "SubAccountName": holder,
            "Tags": "{}",
        },
    )


def _charge(line: BilledLine) -> Row:
    """What a provider said is on an invoice. A credit has no unit price: one below 0 is none."""
    known = line.nano is not None
    provenance = Provenance.BILLED if known else Provenance.UNKNOWN
    columns = cost_columns(Charged(line.nano, provenance, known, *_counted(line)))
    if not _credit(line):
        return {**columns, "ChargeCategory": "Usage", "ChargeFrequency": "Usage-Based"}
    return {**columns, **dict.fromkeys(_UNPRICED), "ChargeCategory": "Credit", "ChargeFrequency": "One-Time"}


def _meter(provider: str, line: BilledLine) -> Row:
    """Consumption is told of usage alone."""
    dims = line.dims
    if _credit(line):
        return {}
    sku = clean("/".join((provider, dims.model or "any", dims.token_kind or dims.item or "bill")))
    quantity, unit = _counted(line)
    return {
        "ConsumedQuantity": quantity,
        "ConsumedUnit": unit,
        "SkuId": sku,
        "SkuPriceId": sku,
        "SkuMeter": clean(dims.token_kind or dims.item) or None,
    }


def _counted(line: BilledLine) -> tuple[Decimal, str]:
    """Of what, and how much: above 0."""
    if line.quantity is not None and line.quantity > 0 and line.unit in _UNITS:
        return line.quantity, _UNITS[line.unit]
    return Decimal(1), LINES


def _credit(line: BilledLine) -> bool:
    return line.nano is not None and line.nano < 0


def _seller(provider: str) -> Row:
    return {
        "InvoiceIssuerName": provider,
        "ProviderName": provider,
        "PublisherName": provider,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceSubcategory": "Generative AI",
        "ServiceName": f"{provider} API",
    }
