"""Waiting and the end of a budget, in words."""

from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal

import pytest

from costtui.report.preview_words import first_byte, runs_out

NOW_MS = 1_800_000_000_000  # Fri 15 Jan 2027 08:00


@dataclass(frozen=True)
class End:
    known: bool
    at_ms: int | None = None


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(None, "?"), (0, "0.00 s"), (412, "0.41 s"), (Decimal("999.4"), "1.00 s"), (9_990, "9.99 s"), (12_400, "12 s")],
)
def test_the_first_byte_is_in_seconds(milliseconds: Decimal | int | None, shown: str) -> None:
    assert first_byte(milliseconds) == shown


@pytest.mark.parametrize(
    ("end", "resets_ms", "shown"),
    [
        (End(False), NOW_MS, "?"),
        (End(True), None, "?"),
        (End(True), NOW_MS, "lasts until Fri 15 Jan 08:00"),
        (End(True, NOW_MS - 3_600_000), NOW_MS, "spent Fri 15 Jan 07:00"),
    ],
)
def test_a_budget_is_spent_lasts_or_is_unknown(end: End, resets_ms: int | None, shown: str) -> None:
    assert runs_out(end, resets_ms, UTC) == shown
