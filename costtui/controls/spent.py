"""What the last hour's requests used, for a preview."""

from contextlib import closing
from pathlib import Path

from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.rows import LatencyRow, SpendRow

HOUR_MS = 3_600_000


def last_hour(state_dir: Path, now_ms: int) -> dict[str, tuple[SpendRow, ...]]:
    """The ledger's rows by target (label 0), for each route; empty where there is no ledger yet."""
    with closing(LedgerReader(state_dir)) as ledger:
        rows = ledger.spend(now_ms - HOUR_MS, now_ms, ("route", "target"))
    found: dict[str, list[SpendRow]] = {}
    for row in rows:
        found.setdefault(row.labels[0], []).append(row._replace(labels=row.labels[1:]))
    return {route: tuple(each) for route, each in found.items()}


def first_bytes(state_dir: Path, now_ms: int) -> dict[str, LatencyRow]:
    """How long the last hour's attempts took to their first byte, by target."""
    with closing(LedgerReader(state_dir)) as ledger:
        return {row.labels[0]: row for row in ledger.latency(now_ms - HOUR_MS, now_ms, ("target",))}
