"""What the composer makes of the scene, ready to be compared."""

from decimal import Decimal
from pathlib import Path

from costtui.config.model import Config
from costtui.report import schema
from costtui.report.observation import Observation
from costtui.report.schema import Status
from costtui.store.reader import TelemetryReader
from tests.report.scene import (
    CONFIG,
    HOUR,
    MIDNIGHT,
    Book,
    composer_of,
)

NOON = MIDNIGHT + 12 * HOUR
USD = 1_000_000_000


def compose(state_dir: Path, observation: Observation, config: Config = CONFIG, book: Book | None = None) -> Status:
    reader = TelemetryReader(state_dir)
    try:
        return composer_of(reader, state_dir).compose(observation, config, book)
    finally:
        reader.close()


def parts(span: schema.Span) -> Decimal:
    states = (span.busy_usd, span.low_usd, span.idle_usd, span.other_usd, span.lost_usd, span.unknown_usd)
    return sum((each or Decimal(0) for each in (*states, span.unobserved_usd)), Decimal(0))


def keys(status: Status) -> dict[str, schema.Warn]:
    return {warn.key: warn for warn in status.warnings}
