"""Exact amounts and moments in the form that the picture carries."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import overload

from costtui.domain.money import nano_from_usd, usd_from_nano


@overload
def usd(nano: int) -> Decimal: ...
@overload
def usd(nano: None) -> None: ...
@overload
def usd(nano: int | None) -> Decimal | None: ...
def usd(nano: int | None) -> Decimal | None:
    """Nano-USD as exact USD; None stays unknown."""
    return None if nano is None else usd_from_nano(nano)


def nine(rate: Decimal | None) -> Decimal | None:
    """A rate with at most nine decimals."""
    return None if rate is None else usd_from_nano(nano_from_usd(rate))


@overload
def iso(at_ms: int) -> str: ...
@overload
def iso(at_ms: int | None) -> str | None: ...
def iso(at_ms: int | None) -> str | None:
    """A moment as ISO 8601 in UTC, to the millisecond."""
    if at_ms is None:
        return None
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
