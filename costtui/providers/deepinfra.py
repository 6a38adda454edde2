"""DeepInfra: what is left of prepaid money, and each month's bill.

Shapes: an independent client's tests; the vendor documents the addresses and not the answers. How old figures may be is
not known.
"""

from datetime import UTC, datetime

from costtui.domain.bill import Balance, BilledLine, Dimensions
from costtui.domain.money import NanoUsd
from costtui.providers.contract import DAY, HOUR, MINUTE, Feed, Page, Provider, Query, always, bearer
from costtui.providers.look import Look

_CENTS = 100


def _read_checklist(answer: Look, _query: Query) -> Page:
    """`stripe_balance` is negative while there is credit; `recent` is used and not yet taken from it. Dollars."""
    owed, recent = answer.usd("stripe_balance"), answer.usd("recent")
    return Page((Balance(None if owed is None or recent is None else NanoUsd(-(owed + recent))),))


def _read_usage(answer: Look, _query: Query) -> Page:
    """`total_cost` is in cents, of a month such as `2026.11`."""
    rows = []
    for month in answer.each("months"):
        times = _month(month)
        if times is not None:
            rows.append(BilledLine(*times, month.usd("total_cost", per_usd=_CENTS), Dimensions(item="all usage")))
    return Page(tuple(rows))


def _month(month: Look) -> tuple[int, int] | None:
    text = month.text("period") or ""
    try:
        start = datetime.strptime(text, "%Y.%m").replace(tzinfo=UTC)
    except ValueError:
        month.at("period").lacks("a month", loses=True)
        return None
    after = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    return int(start.timestamp()) * 1000, int(after.timestamp()) * 1000


PROVIDER = Provider(
    name="deepinfra",
    title="DeepInfra",
    base="https://api.deepinfra.com",
    headers=bearer,
    key_kind="an API key",
    feeds=(
        Feed("months", "spend", HOUR, always("/payment/usage", ("from", "current")), _read_usage, DAY, lag_seconds=DAY),
        Feed(
            *("balance", "balance", 5 * MINUTE, always("/payment/checklist", ("compute_owed", "true")), _read_checklist)
        ),
    ),
    scope="account",
)
