"""What `costtui tco` and `costtui breakeven` both read."""

import contextlib
from collections.abc import Mapping
from decimal import Decimal

from costtui.analysis.tco import Input
from costtui.cli.given import Given
from costtui.cli.picture import now_ms, picture_of
from costtui.config.load import load
from costtui.errors import SourceError
from costtui.rates.prices import PriceBook
from costtui.report.verdict import Situation, situation
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader

PLACES = Decimal("0.000001")


def read_situation(given: Given) -> Situation:
    """The host as it stands; a price book that cannot be read counts as none."""
    now, state_dir = now_ms(), given.state_dir
    try:
        book = PriceBook.load(state_dir)
    except SourceError:
        book = None
    config = load(given.config_path, now)
    with (
        contextlib.closing(TelemetryReader(state_dir)) as telemetry,
        contextlib.closing(LedgerReader(state_dir)) as ledger,
    ):
        return situation(telemetry, ledger, picture_of(state_dir), config, book, now)


def short(value: Decimal | None) -> Decimal | None:
    """Six decimals at most, for what is no sum of money."""
    if value is None:
        return None
    rounded = round(value, 6)
    return Decimal(int(rounded)) if rounded == rounded.to_integral_value() else rounded.normalize()


def input_row(each: Input) -> Mapping[str, object]:
    """One number with where it comes from."""
    return {
        "name": each.name,
        "value": short(each.value),
        "unit": each.unit,
        "source": each.source.value,
        "note": each.note,
    }
