"""xAI: what a team used by the day, and its prepaid balance.

Shapes: an independent client's tests of the management API. The balance is a text in cents with its sign turned round;
it is posted when a billing cycle closes. Usage is read with a documented POST query, in dollars.
"""

from datetime import UTC, datetime

from costtui.domain.bill import Balance, BilledLine, Dimensions
from costtui.domain.money import NanoUsd
from costtui.errors import SourceError
from costtui.providers.contract import DAY, HOUR, MINUTE, Account, Feed, Page, Provider, Query, Span, bearer
from costtui.providers.look import Look

_DAY_MS, _CENTS = DAY * 1000, 100


def _team(account: Account) -> str:
    """Its id, from `namespace` in the configuration."""
    names = account.filters.get("namespace", ())
    if not names or not names[0].replace("-", "").isalnum():
        raise SourceError("xAI tells figures of one team", 'name its id: [billing] xai = { namespace = "TEAM", … }')
    return names[0]


def _balance(account: Account, _span: Span) -> Query:
    return Query(f"/v1/billing/teams/{_team(account)}/prepaid/balance")


def _read_balance(answer: Look, _query: Query) -> Page:
    owed = answer.at("total").usd("val", per_usd=_CENTS)
    return Page((Balance(None if owed is None else NanoUsd(-owed)),))


def _usage(account: Account, span: Span) -> Query:
    times = {"startTime": _moment(span.from_ms), "endTime": _moment(span.until_ms), "timezone": "Etc/GMT"}
    asked = {
        "timeRange": times,
        "timeUnit": "TIME_UNIT_DAY",
        "values": [{"name": "usd", "aggregation": "AGGREGATION_SUM"}],
        "groupBy": [],
        "filters": [],
    }
    return Query(f"/v1/billing/teams/{_team(account)}/usage", method="POST", payload={"analyticsRequest": asked})


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _read_usage(answer: Look, _query: Query) -> Page:
    """Each point is a day; `limitReached` says that there is more."""
    rows = []
    for series in answer.each("timeSeries"):
        for point in series.each("dataPoints"):
            begin, values = point.moment("timestamp"), list(point.each("values"))
            if begin is not None and values:
                amount = Look({"usd": values[0].value}, answer.notes, values[0].place).usd("usd")
                rows.append(BilledLine(begin, begin + _DAY_MS, amount, Dimensions(item="usage")))
            elif begin is not None:
                rows.append(BilledLine(begin, begin + _DAY_MS, None, Dimensions(item="usage")))
    return Page(tuple(rows), cut=answer.flag("limitReached", optional=True) or False)


PROVIDER = Provider(
    name="xai",
    title="xAI",
    base="https://management-api.x.ai",
    headers=bearer,
    key_kind="a management key, and the team's id as `namespace`",
    feeds=(
        Feed("usage", "spend", HOUR, _usage, _read_usage, DAY, lag_seconds=DAY),
        Feed("balance", "balance", 15 * MINUTE, _balance, _read_balance),
    ),
    scope="account",
    filters=("namespace",),
)
