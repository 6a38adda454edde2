"""What the screen asks beyond the picture of now: spend in columns, single requests, earlier moments."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from costtui.config.load import load
from costtui.config.model import Config
from costtui.errors import ConfigError, SourceError
from costtui.rates.prices import PRICES_FILE, PriceBook
from costtui.report.billed_spend import BilledSpend
from costtui.report.decided import Decided, decided
from costtui.report.lookback import picture_at, zone_named
from costtui.report.metered import decisions_until
from costtui.report.schema import Decision, Status
from costtui.report.spend import SpendTable, spend_table
from costtui.report.traffic import Traffic
from costtui.store.controls import CONTROLS, ControlsStore
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader

if TYPE_CHECKING:
    from costtui.report.advised import Guidance
    from costtui.report.bills import BillsTable
    from costtui.report.savings import Savings
    from costtui.report.verdict import Situation

MOST_REQUESTS = 300
ADVICE_MS = 7 * 86_400_000
"""Every hour of the week once."""


class Archive:
    """Reads one state directory; every question is answered anew."""

    def __init__(self, state_dir: Path, clock: Callable[[], int]) -> None:
        self._state_dir = state_dir
        self._clock = clock
        self._telemetry = TelemetryReader(state_dir)
        self._ledger = LedgerReader(state_dir)
        self._controls = ControlsStore(state_dir / CONTROLS)
        self._billed = BilledSpend.open(state_dir)
        self._known: tuple[object, tuple[Config, PriceBook | None]] | None = None

    def spend(self, by: str, at_ms: int, present: Status) -> SpendTable:
        """Spend up to a moment."""
        names: tuple[str, ...] = ()
        with suppress(ConfigError):
            names = tuple(billing.provider for billing in self._rules(_path(present))[0].billing)
        return spend_table(
            *(self._ledger, by, at_ms, zone_named(present.host.timezone)),
            lambda metered: self._billed.at(at_ms, names, metered),
        )

    def requests(self, at_ms: int) -> tuple[Decision, ...]:
        """The newest attempts that had begun at a moment."""
        return decisions_until(self._ledger, at_ms, MOST_REQUESTS)

    def savings(self, at_ms: int, present: Status) -> "Savings":
        """What each route saved today; nothing where configuration or prices cannot be read."""
        from costtui.report.savings import savings  # 3 ms that no other screen needs

        try:
            config, book = self._rules(_path(present))
        except ConfigError:
            return {}
        zone = zone_named(present.host.timezone)
        return savings(
            self._ledger, config, lambda name: None if book is None else book.price_of(name, at_ms), at_ms, zone
        )

    def decided(self) -> Mapping[int, Decided]:
        """What the gateway decided of late, with all that it might have."""
        return decided(self._state_dir)

    def picture(self, at_ms: int, present: Status) -> Status:
        """The whole picture of a moment that is over. Raises ConfigError where the configuration cannot be read."""
        config, book = self._rules(_path(present))
        traffic = Traffic(self._ledger, self._controls, self._state_dir, live=False)
        return picture_at(self._telemetry, traffic, present, config, book, at_ms)

    def bills(self, at_ms: int, present: Status) -> "BillsTable":
        """Bills beside what was metered, at a moment."""
        from costtui.report.bills import bills_table  # 5 ms that no other screen needs
        from costtui.store.bills import BillReader

        names: tuple[str, ...] = ()
        with suppress(ConfigError):
            config, _ = self._rules(_path(present))
            names = tuple(billing.provider for billing in config.billing)
        return bills_table(BillReader(self._state_dir), self._ledger, names, at_ms, zone_named(present.host.timezone))

    def situation(self, at_ms: int, present: Status) -> "Situation | None":
        """What the host knew of its cost and traffic at a moment; None where the configuration cannot be read."""
        from costtui.report.verdict import situation  # 10 ms that no other screen needs

        engines = [
            {
                "name": engine.name,
                "model": engine.model,
                "gpus": engine.gpus,
                "capacity_output_tokens_per_second": engine.capacity_output_tokens_per_second,
            }
            for engine in present.engines
        ]
        try:
            config, book = self._rules(_path(present))
        except ConfigError:
            return None
        return situation(self._telemetry, self._ledger, {"engines": engines}, config, book, at_ms)

    def guidance(self, at_ms: int, present: Status) -> "Guidance | None":
        """Advice of the week up to a moment; None where the configuration cannot be read."""
        from costtui.report.advised import figures_of, guidance  # 8 ms that no other screen needs

        try:
            config, book = self._rules(_path(present))
        except ConfigError:
            return None
        span = (at_ms - ADVICE_MS, at_ms)
        figures = figures_of(self._state_dir, self._telemetry, self._ledger, config, book, *span)
        return guidance(self._state_dir, figures, self._ledger, self._controls.state().revisions, at_ms)

    def _rules(self, path: Path | None) -> tuple[Config, PriceBook | None]:
        """Configuration and prices, read again when either file is another one: 12 ms of every step otherwise."""
        marks = (path, *(_mark(each) for each in (path, self._state_dir / PRICES_FILE) if each is not None))
        if self._known is None or self._known[0] != marks:
            config = load(path, self._clock())
            try:
                book = PriceBook.load(self._state_dir)
            except SourceError:
                book = None
            self._known = (marks, (config, book))
        return self._known[1]

    def close(self) -> None:
        """Let go of the files."""
        for each in (self._telemetry, self._ledger, self._controls):
            each.close()


def _path(present: Status) -> Path | None:
    return Path(present.config.path) if present.config.path else None


def _mark(path: Path) -> tuple[int, int, int] | None:
    """Another one for every version of a file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
