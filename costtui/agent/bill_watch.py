"""Says when a bill and what was metered drift apart, or when a bill's unit is misread."""

from collections.abc import Sequence
from pathlib import Path

from costtui.config.model import Config
from costtui.domain.clean import clean
from costtui.report.bills import ProviderBill, bills_table
from costtui.report.words import percent
from costtui.store.bills import BillReader
from costtui.store.ledger.reader import LedgerReader

LOOK_MS = 600_000
SPAN_MS = 8 * 86_400_000
"""The last week of closed days: a month's old quarrels are not news."""


class BillWatch:
    """Compares every ten minutes; without `[billing]` never."""

    def __init__(self, state_dir: Path) -> None:
        self._bills = BillReader(state_dir)
        self._ledger = LedgerReader(state_dir)
        self._slot = -1
        self._found: tuple[tuple[str, str], ...] = ()

    def notices(self, config: Config, now_ms: int) -> tuple[tuple[str, str], ...]:
        """Key and text of each bill that somebody should look at."""
        if not config.billing:
            return ()
        if self._slot != now_ms // LOOK_MS:
            self._slot = now_ms // LOOK_MS
            names = [billing.provider for billing in config.billing]
            zone = config.host.timezone
            table = bills_table(self._bills, self._ledger, names, now_ms, zone, now_ms - SPAN_MS)
            self._found = _told(table.providers)
        return self._found

    def close(self) -> None:
        """Let go of the ledger."""
        self._ledger.close()


def _told(bills: Sequence[ProviderBill]) -> tuple[tuple[str, str], ...]:
    found = []
    for bill in bills:
        closed, name = bill.closed, clean(bill.provider, 40)
        if closed is None or bill.scope == "org":
            continue
        if closed.disputed_factor is not None:
            found.append(
                (f"bill:{name}", f"{name}'s bill is off by about {closed.disputed_factor:f} times: costtui reconcile")
            )
        elif closed.alarming and closed.ratio is not None:
            word = percent(closed.ratio)
            text = f"{name} billed {word} of what was metered in the last week: costtui reconcile --provider {name}"
            found.append((f"bill:{name}", text))
    return tuple(found)
