"""What one route, key, provider or model cost, for the budgets that count only that."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from costtui.domain.amount import Amount
from costtui.domain.budget import Scope, ScopeKind
from costtui.domain.control import GatewayKey
from costtui.report.metered import api_amount, apis, known_usd
from costtui.report.totals import SECOND_MS
from costtui.store.ledger.rows import SpendRow

HOUR_MS = 3_600_000
SLOT_MS = 5 * SECOND_MS
"""Sums are asked this often: a budget of one key is not watched by the second here, the gateway itself does that."""
DIMENSION = {
    ScopeKind.ROUTE: "route",
    ScopeKind.KEY: "key_id",
    ScopeKind.PROVIDER: "provider",
    ScopeKind.MODEL: "model",
    ScopeKind.TAG: "tag",
}


class Sums(Protocol):
    """The part of the ledger that is asked."""

    def spend(self, from_ms: int, to_ms: int, by: Sequence[str], *, bucket_ms: int = 0) -> list[SpendRow]:
        """See `LedgerReader.spend`."""


class ScopedSpend:
    """Asks once for all budgets of the same kind and window."""

    def __init__(self, sums: Sums) -> None:
        self._sums = sums
        self._slot = -1
        self._rows: dict[tuple[str, int], list[SpendRow]] = {}

    def spent(self, scope: Scope, keys: Iterable[GatewayKey], from_ms: int, now_ms: int) -> Amount:
        """What the scope's requests to APIs cost since `from_ms`."""
        return api_amount(self._of(scope, keys, from_ms, now_ms), provider=1)

    def usd_per_hour(self, scope: Scope, keys: Iterable[GatewayKey], now_ms: int) -> Decimal:
        """As in the last hour."""
        rows = self._of(scope, keys, now_ms // HOUR_MS * HOUR_MS - HOUR_MS, now_ms)
        hours = Decimal(now_ms - (now_ms // HOUR_MS * HOUR_MS - HOUR_MS)) / HOUR_MS
        return (known_usd(apis(rows)) or Decimal(0)) / hours

    def _of(self, scope: Scope, keys: Iterable[GatewayKey], from_ms: int, now_ms: int) -> list[SpendRow]:
        if self._slot != now_ms // SLOT_MS:
            self._slot = now_ms // SLOT_MS
            self._rows.clear()
        dimension = DIMENSION[scope.kind]
        rows = self._rows.get((dimension, from_ms))
        if rows is None:
            rows = self._rows[dimension, from_ms] = self._sums.spend(from_ms, now_ms + 1, (dimension, "provider"))
        wanted = {scope.name}
        if scope.kind is ScopeKind.KEY:
            wanted = {key.key_id for key in keys if key.name == scope.name}
        return [row for row in rows if row.labels[0] in wanted]
