"""The ledger's sums as money: APIs and self-hosted targets apart, what has no price named and never counted as 0."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from costtui.domain.amount import Amount, Provenance
from costtui.domain.clean import clean
from costtui.domain.money import NANO_PER_USD, NanoUsd
from costtui.report import schema
from costtui.report.money import iso, nine, usd
from costtui.store.ledger.rows import LatencyRow, RecentAttempt, SpendRow


class Ledger(Protocol):
    """The part of the ledger's reader that the report asks."""

    def changed(self) -> bool:
        """Whether anything was committed since the last call."""

    def spend(self, from_ms: int, to_ms: int, by: Sequence[str], *, bucket_ms: int = 0) -> list[SpendRow]:
        """Sums of what ended within [from, to)."""

    def recent(self, limit: int, before_id: int | None = None) -> list[RecentAttempt]:
        """The newest attempts."""

    def latency(self, from_ms: int, to_ms: int, by: Sequence[str]) -> list[LatencyRow]:
        """Time to the first byte."""


def apis(rows: Iterable[SpendRow]) -> list[SpendRow]:
    """Without self-hosted targets, whose cost is a share of rent."""
    return [row for row in rows if not row.self_hosted]


def known_nano(rows: Iterable[SpendRow]) -> NanoUsd:
    """The known part of what rows cost."""
    return NanoUsd(sum(row.nano or 0 for row in rows))


def api_amount(rows: Sequence[SpendRow], provider: int = 0) -> Amount:
    """What APIs cost; a provider (label number `provider`) with unpriced attempts is named `api:PROVIDER`."""
    paid = apis(rows)
    missing = tuple(dict.fromkeys(f"api:{clean(row.labels[provider])}" for row in paid if row.unpriced))
    if paid and all(row.nano is None for row in paid):
        return Amount(None, Provenance.UNKNOWN, missing)
    return Amount(known_nano(paid), Provenance(provenance(paid)), missing)


def provenance(rows: Iterable[SpendRow]) -> str:
    """One word for a sum: estimated if any part is, metered, free where all is declared free, unknown if nothing is."""
    words = {word for row in rows for word in row.provenances}
    for word in (Provenance.ESTIMATED, Provenance.METERED, Provenance.ACCRUED, Provenance.FREE, Provenance.UNKNOWN):
        if word in words:
            return word.value
    return Provenance.METERED.value


def known_usd(rows: Sequence[SpendRow]) -> Decimal | None:
    """The known part in USD: 0 without rows, None where nothing is known."""
    return None if rows and all(row.nano is None for row in rows) else usd(known_nano(rows))


def per_million(rows: Sequence[SpendRow]) -> Decimal | None:
    """Measured USD per million tokens; None without tokens, and where a charge is missing."""
    tokens = sum(row.input_tokens + row.output_tokens for row in rows)
    if not tokens or any(row.unpriced or row.nano is None for row in rows):
        return None
    return nine(Decimal(known_nano(rows)) * 1_000_000 / tokens / NANO_PER_USD)


def cache(rows: Sequence[SpendRow]) -> schema.Cache:
    """What caches did, from sums by provider and model."""
    requests, hits, paid = sum(row.requests for row in rows), sum(row.cache_hits for row in rows), apis(rows)
    read, whole = sum(row.cached_input_tokens for row in paid), sum(row.input_tokens for row in paid)
    return schema.Cache(
        hits=hits,
        requests=requests,
        hit_ratio=hits / requests if requests else None,
        saved_usd=usd(sum(row.saved_nano for row in rows)),
        provider_cached_ratio=read / whole if whole else None,
        provider_saved_usd=_provider_saved(paid),
    )


def _provider_saved(rows: Sequence[SpendRow]) -> Decimal | None:
    """Net of cache writes; None where a model that used a cache has no fresh input to compare with."""
    saved = Decimal(0)
    for row in rows:
        through = row.cached_input_tokens + row.cache_write_tokens
        if not through:
            continue
        fresh = row.input_tokens - through
        if fresh <= 0 or row.unpriced:
            return None
        saved += Decimal(row.input_nano) * through / fresh - row.cached_input_nano - row.cache_write_nano
    return nine(saved / NANO_PER_USD)


def decision(recent: RecentAttempt) -> schema.Decision:
    """One attempt. Its texts are clean: the ledger's reader sees to that, and again costs 1 ms for twenty."""
    attempt, lane = recent.attempt, recent.lane
    return schema.Decision(
        id=attempt.attempt_id,
        request=attempt.request_id,
        at=iso(attempt.started_ms),
        route=lane.route,
        target=lane.target,
        provider=lane.provider,
        self_hosted=lane.self_hosted,
        model=lane.model,
        operation=lane.operation,
        key=lane.key_id,
        user=attempt.user_id,
        outcome=attempt.outcome.value,
        status=attempt.status,
        stream=attempt.stream,
        input_tokens=attempt.usage.input_tokens,
        output_tokens=attempt.usage.output_tokens,
        cached_input_tokens=attempt.usage.cached_input_tokens,
        reasoning_tokens=attempt.usage.reasoning_tokens,
        usage="disputed" if attempt.disputed else attempt.usage_source.value,
        usd=None if attempt.charge is None else usd(attempt.charge.nano),
        provenance=attempt.provenance.value,
        saved_usd=usd(attempt.saved_nano),
        ttft_seconds=None if attempt.ttft_ms is None else attempt.ttft_ms / 1000,
        seconds=attempt.duration_ms / 1000,
        price_model=lane.price_model,
        reason=attempt.reason,
    )


OVERTAKEN = 64
"""Attempts are numbered as they begin, but for some that overtake another between its beginning and its number."""


def decisions_until(ledger: Ledger, at_ms: int, limit: int) -> tuple[schema.Decision, ...]:
    """The newest attempts that had begun at `at_ms`, newest first."""
    page = ledger.recent(limit)
    found = [each for each in page if each.attempt.started_ms <= at_ms]
    if len(found) < limit == len(page):
        before_id = _first_after(ledger, at_ms, page[0].attempt.attempt_id) + OVERTAKEN
        page = ledger.recent(limit + 2 * OVERTAKEN, before_id)
        found = [each for each in page if each.attempt.started_ms <= at_ms]
    return tuple(decision(each) for each in found[:limit])


def _first_after(ledger: Ledger, at_ms: int, newest_id: int) -> int:
    """The number below which all attempts had begun at `at_ms`, by halving: a day ago took 10,000 rows otherwise."""
    low, high = 0, newest_id
    while low < high:
        middle = (low + high + 1) // 2
        older = ledger.recent(1, middle + 1)
        if older and older[0].attempt.started_ms > at_ms:
            high = min(older[0].attempt.attempt_id, middle) - 1
        else:
            low = middle
    return low + 1
