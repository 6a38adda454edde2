"""What the ledger answers with."""

from typing import NamedTuple

from costtui.domain.attempt import Attempt, Lane

DIMENSIONS = (
    *("route", "target", "provider", "model", "operation", "key_id", "tag", "self_hosted", "provenance", "bucket"),
)
"""What spend can be asked by. `self_hosted` comes as `self-hosted` or `api`, `bucket` as its first Unix millisecond."""


class SpendRow(NamedTuple):
    """Sums over the attempts that settled in a span. API and self-hosted are never in one row: where nobody asked by
    `self_hosted` there are two rows with the same labels, told apart by the field of that name."""

    labels: tuple[str, ...]
    """In the order of `by`."""
    self_hosted: bool
    requests: int
    """Counted at a request's first attempt, so that retries and fallbacks add attempts and no requests."""
    attempts: int
    failed: int
    """Ended neither well, nor by the client, nor from the cache."""
    unpriced: int
    """Attempts whose charge is unknown: `nano` lacks them."""
    estimated: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    cache_write_tokens: int
    """Of both cache times."""
    reasoning_tokens: int
    input_nano: int
    cached_input_nano: int
    cache_write_nano: int
    output_nano: int
    flat_nano: int
    nano: int | None
    """The known part; None where no charge is known at all."""
    saved_nano: int
    cache_hits: int
    provenances: frozenset[str]


class RecentAttempt(NamedTuple):
    """One attempt with its lane."""

    attempt: Attempt
    lane: Lane


class LatencyRow(NamedTuple):
    """Time to the first byte of those attempts that had one."""

    labels: tuple[str, ...]
    attempts: int
    p50_ms: int
    p95_ms: int


class Answer(NamedTuple):
    """One whole answer of an API."""

    route: str
    target: str
    stream: bool
    output_tokens: int


class RateRow(NamedTuple):
    """What one API provider costs per hour at the pace of the span."""

    provider: str
    nano_per_hour: int | None
    unpriced: int


class Head(NamedTuple):
    """Where the chain stands."""

    seq: int
    """Number of the last row; 0 before the first."""
    hash: bytes
    at_ms: int
