"""The bundled table of what a GPU is listed for by the hour: every row with its source and date."""

import csv
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files

_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class ListedRate:
    """One observation. A range has `low` and `high` and no `usd_per_gpu_hour`, and is never a default."""

    gpu: str
    match: frozenset[str]
    """Words that the driver's name of the GPU must all hold: `h100`, `pcie`."""
    usd_per_gpu_hour: Decimal | None
    low: Decimal | None
    high: Decimal | None
    kind: str
    provider: str
    source: str
    as_of: str
    """A day, month or year; `undated` where the copy that was read tells none."""
    default: bool
    """Chosen for its GPU: the middle of the on-demand prices known for it, a dated one before an undated."""

    @property
    def note(self) -> str:
        """`list price Hyperstack on-demand, stored copy undated`."""
        day = "stored copy undated" if self.as_of == "undated" else self.as_of
        return f"list price {self.provider} {self.kind}, {day}"


@cache
def listed_rates() -> tuple[ListedRate, ...]:
    """The whole table, the special before the general: `h100 pcie` before `h100`."""
    text = files("costtui.rates").joinpath("gpu_hourly.csv").read_text(encoding="utf-8")
    return tuple(_listed(row) for row in csv.DictReader(text.splitlines()))


def _listed(row: dict[str, str]) -> ListedRate:
    return ListedRate(
        gpu=row["gpu"],
        match=frozenset(row["match"].split()),
        usd_per_gpu_hour=_amount(row["usd_per_gpu_hour"]),
        low=_amount(row["low"]),
        high=_amount(row["high"]),
        kind=row["kind"],
        provider=row["provider"],
        source=row["source"],
        as_of=row["as_of"],
        default=row["default"] == "yes",
    )


def _amount(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def listed_for(name: str) -> ListedRate | None:
    """The default row for a GPU as the driver names it; None where the table does not know it.

    Whole words only, so that an L40S is no L40 and a GH200 no H200.
    """
    words = frozenset(_WORD.findall(name.lower()))
    return next((row for row in listed_rates() if row.default and row.match <= words), None)


def listed_at(name: str, kind: str) -> ListedRate | None:
    """The first row with one price of a kind (`spot`, `reserved`) for a GPU as the driver names it."""
    words = frozenset(_WORD.findall(name.lower()))
    rows = (row for row in listed_rates() if row.match <= words and row.usd_per_gpu_hour is not None)
    return next((row for row in rows if kind in row.kind.split()), None)
