"""Hugging Face: what dedicated Inference Endpoints cost by the hour, and what Inference Providers were billed.

Shapes: the official client 2.4.0 for the endpoints; the billing answer is undocumented and as three clients read it. An
endpoint does not say its price, so the prices of the namespace are asked for first. Charged by the minute while an
endpoint is initializing or running (https://huggingface.co/docs/inference-endpoints/support/pricing).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from costtui.domain.bill import BilledLine, BurnItem, Dimensions
from costtui.domain.money import NanoUsd
from costtui.errors import SourceError
from costtui.providers.contract import DAY, HOUR, MINUTE, Account, Feed, Page, Provider, Query, Span, bearer
from costtui.providers.look import Look

Action = Literal["pause", "resume", "scale-to-zero"]
_Prices = Mapping[tuple[str, ...], Decimal]
_DOWN = ("paused", "scaledToZero")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}")
_NANO = 1_000_000_000


def control(action: Action, name: str, namespace: str) -> Query:
    """What stops, starts, or lets sleep one endpoint: never sent with a billing key. Raises SourceError for a name
    that none can have."""
    return Query(f"{_endpoints(namespace)}/{_checked(name)}/{action}", method="POST")


def _checked(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise SourceError("that is no name of a Hugging Face namespace or endpoint", "give it as NAMESPACE/NAME")
    return name


def _endpoints(namespace: str) -> str:
    return f"/v2/endpoint/{_checked(namespace)}"


@dataclass(frozen=True, slots=True)
class _Known:
    """What the rest of the walk needs."""

    namespaces: tuple[str, ...]
    """This one and those that come after it."""
    prices: _Prices = field(default_factory=dict)


def _first(account: Account, _span: Span) -> Query:
    namespaces = account.filters.get("namespace", ())
    if not namespaces:
        raise SourceError("Hugging Face does not say whose endpoints to read", "set `namespace` beside its key")
    return _prices_of(namespaces)


def _prices_of(namespaces: tuple[str, ...]) -> Query:
    return Query(f"/v2/provider/{_checked(namespaces[0])}", kept=_Known(namespaces))


def _read(answer: Look, query: Query) -> Page:
    known = query.kept
    assert isinstance(known, _Known)
    if query.path.startswith("/v2/provider/"):
        prices = dict(_prices(answer))
        return Page((), Query(_endpoints(known.namespaces[0]), kept=_Known(known.namespaces, prices)), learnt=True)
    rows = tuple(_item(item, known) for item in answer.each("items"))
    later = known.namespaces[1:]
    return Page(rows, _prices_of(later) if later else None)


def _prices(answer: Look) -> Iterator[tuple[tuple[str, ...], Decimal]]:
    """Dollars per replica and hour, by vendor, region, type and size; what nobody rents may lack one."""
    for vendor in answer.each("vendors"):
        for region in vendor.each("regions"):
            for compute in region.each("computes"):
                price = compute.number("pricePerHour", optional=True)
                if price is not None and price >= 0:
                    yield _place(vendor.text("name"), region.text("name"), compute), price


def _place(vendor: str | None, region: str | None, compute: Look) -> tuple[str, ...]:
    return vendor or "", region or "", compute.text("instanceType") or "", compute.text("instanceSize") or ""


def _item(item: Look, known: _Known) -> BurnItem:
    status, compute, where = item.at("status"), item.at("compute"), item.at("provider")
    state = status.text("state") or ""
    replicas = _replicas(status, state)
    price = known.prices.get(_place(where.text("vendor"), where.text("region"), compute))
    if replicas and price is None:
        item.notes.add(f"no price of {compute.text('instanceType') or 'an instance'} is told")
    return BurnItem(
        name=f"{known.namespaces[0]}/{item.text('name') or '?'}",
        state=state,
        replicas=replicas,
        usd_per_hour=Decimal(0) if replicas == 0 else None if replicas is None or price is None else price * replicas,
        model=item.at("model").text("repository", optional=True) or "",
    )


def _replicas(status: Look, state: str) -> int | None:
    """Those that are ready; while it starts, those that are to be, for they are charged then too."""
    if state in _DOWN:
        return 0
    ready = status.count("readyReplica")
    if state != "initializing" or ready is None:
        return ready
    wanted = status.count("targetReplica")
    return None if wanted is None else max(ready, wanted)


def _billing(_account: Account, span: Span) -> Query:
    return _month(span.from_ms, span.until_ms)


def _month(at_ms: int, until_ms: int) -> Query:
    """Figures are of a whole month, so each question asks for the one that holds `at_ms`."""
    start = datetime.fromtimestamp(at_ms // 1000, UTC).replace(day=1, hour=0, minute=0, second=0)
    end = (start + timedelta(days=32)).replace(day=1)
    params = (("startDate", str(int(start.timestamp()))), ("endDate", str(int(end.timestamp()))))
    return Query("/api/settings/billing/usage-v2", params, kept=until_ms)


def _read_billing(answer: Look, query: Query) -> Page:
    """What is used beyond what is included is charged, in nano-dollars."""
    start_ms, end_ms = (int(value) * 1000 for _, value in query.params)
    until_ms = query.kept
    assert isinstance(until_ms, int)
    later = _month(end_ms, until_ms) if end_ms < until_ms else None
    told = answer.at("usage").at("inferenceProviders")
    used, included = told.usd("usedNanoUsd", per_usd=_NANO), told.usd("includedNanoUsd", per_usd=_NANO)
    closes_ms = told.moment("periodEnd")
    if closes_ms is None or not start_ms < closes_ms <= end_ms + DAY * 1000:
        told.at("periodEnd").lacks("in the month asked for", loses=True)
        return Page((), later)
    nano = None if used is None or included is None else NanoUsd(max(0, used - included))
    requests = told.number("numRequests", optional=True)
    return Page(
        (BilledLine(start_ms, end_ms, nano, Dimensions(item="Inference Providers"), requests, "requests"),), later
    )


PROVIDER = Provider(
    name="huggingface",
    title="Hugging Face",
    base="https://api.endpoints.huggingface.cloud",
    headers=bearer,
    key_kind="a token that may read the namespace's endpoints, and for the bill `Billing read` (hf_…)",
    feeds=(
        Feed("endpoints", "burn", MINUTE, _first, _read),
        Feed(
            "billing",
            "spend",
            HOUR,
            _billing,
            _read_billing,
            grain_seconds=DAY,
            lag_seconds=DAY,
            base="https://huggingface.co",
            optional=True,
        ),
    ),
    scope="account",
    filters=("namespace",),
)
