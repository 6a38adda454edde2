"""Metered against billed, cell by cell: what the difference is made of, as far as the two sides prove it.

A cell is a day (UTC, as providers bill), a model and a kind of token, as fine as the bill is. A cell has one cause or
it is unexplained: two causes in one cell cannot be told apart from the outside, and none is invented.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal, NamedTuple

from costtui.domain.money import ZERO, NanoUsd

DAY_MS = 86_400_000
ROUNDING_NANO = 5_000_000
"""Half a cent: what is smaller is rounding, and no cause is looked for."""
SAME_PRICE = Decimal("0.005")
"""Unit prices this close to each other are one price; the smallest step between list prices is 2 %."""
BAND = (Decimal("0.9"), Decimal("1.1"))
"""Billed divided by metered over the closed days; outside of it somebody should look."""
UNIT_FACTORS = tuple(Decimal(10) ** power for power in (2, 3, 4, 6))
UNIT_SLACK = Decimal("0.2")
LEAST_NANO = 100_000_000
"""Ten cents: below that a ratio says nothing."""

Cause = Literal[
    "outside",
    "unknown-price",
    "price",
    "retries",
    "tier",
    "rounding",
    "lag",
    "no-amount",
    "unexplained",
]
CAUSES: Mapping[Cause, str] = {
    "outside": "traffic outside the gateway",
    "unknown-price": "metered without a known price",
    "price": "price difference",
    "retries": "retries and disconnects",
    "tier": "tier or batch",
    "rounding": "rounding",
    "lag": "not billed yet",
    "no-amount": "billed without an amount",
    "unexplained": "unexplained",
}


class Place(NamedTuple):
    """Which cell; empty texts where the bill does not say."""

    day_ms: int
    model: str
    kind: str


@dataclass(frozen=True, slots=True)
class Metered:
    """What the gateway counted of one place."""

    place: Place
    nano: NanoUsd
    """Of the priced tokens."""
    tokens: int
    """Of all, priced or not."""
    unpriced_tokens: int = 0
    estimated_nano: NanoUsd = ZERO
    """The part of `nano` whose usage the provider never said: broken streams, clients that left, retries."""


@dataclass(frozen=True, slots=True)
class Billed:
    """What the provider billed of one place."""

    place: Place
    nano: NanoUsd | None
    tokens: Decimal | None = None
    """None: neither the bill nor the provider's usage series says."""
    tier: str = ""
    keys: tuple[str, ...] = ()
    """The provider's ids of the keys that it was billed for."""


@dataclass(frozen=True, slots=True)
class Part:
    """One named part of the difference."""

    cause: Cause
    nano: NanoUsd | None
    evidence: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One place with both sides. The part is the whole difference; None where there is none."""

    place: Place
    metered_nano: NanoUsd
    billed_nano: NanoUsd | None
    part: Part | None

    @property
    def difference_nano(self) -> NanoUsd | None:
        """Billed less metered; None where the bill names no amount."""
        return None if self.billed_nano is None else NanoUsd(self.billed_nano - self.metered_nano)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One provider over the closed days of a span."""

    cells: tuple[Cell, ...]
    metered_nano: NanoUsd
    billed_nano: NanoUsd
    """Of the lines that name an amount."""
    parts: tuple[Part, ...]
    """By cause, largest first; they sum to billed less metered."""
    covered_ratio: Decimal | None
    """How much of what was billed was metered too; None where nothing was billed."""
    ratio: Decimal | None
    """Billed divided by metered; None below ten cents."""
    disputed_factor: Decimal | None = None
    """The two sides differ by about this power of ten on every day: a unit is misread, and the bill is not believed."""

    @property
    def alarming(self) -> bool:
        """Whether the ratio left its band."""
        return self.ratio is not None and not BAND[0] <= self.ratio <= BAND[1]


@dataclass(slots=True)
class _Side:
    """Both sides of one cell while it is put together."""

    nano: int = 0
    tokens: int = 0
    unpriced_tokens: int = 0
    estimated_nano: int = 0
    billed_nano: int | None = None
    billed_tokens: Decimal | None = Decimal(0)
    amountless: bool = False
    tiers: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)


def reconcile(metered: Iterable[Metered], billed: Sequence[Billed]) -> Reconciliation:
    """Compare closed days. What the bill does not tell apart is summed on the metered side first."""
    sides: dict[Place, _Side] = {}
    grain = _grain(billed)
    for row in metered:
        _add_metered(sides.setdefault(_coarse(row.place, grain), _Side()), row)
    for line in billed:
        _add_billed(sides.setdefault(_coarse(line.place, grain), _Side()), line)
    days = {place.day_ms for place, side in sides.items() if side.billed_nano is not None or side.amountless}
    cells = tuple(_cell(place, sides[place], billed_day=place.day_ms in days) for place in sorted(sides))
    return _summed(cells)


def _grain(billed: Sequence[Billed]) -> dict[int, tuple[bool, set[str]]]:
    """By day: whether its bill tells models apart, and of which models it does not tell the kinds of token apart."""
    found: dict[int, tuple[bool, set[str]]] = {}
    for line in billed:
        by_model, kindless = found.get(line.place.day_ms, (True, set()))
        if not line.place.kind:
            kindless = kindless | {line.place.model}
        found[line.place.day_ms] = (by_model and bool(line.place.model), kindless)
    return found


def _coarse(place: Place, grain: Mapping[int, tuple[bool, set[str]]]) -> Place:
    by_model, kindless = grain.get(place.day_ms, (True, set()))
    if not by_model:
        return Place(place.day_ms, "", "")
    return place._replace(kind="") if place.model in kindless else place


def _add_metered(side: _Side, row: Metered) -> None:
    side.nano += row.nano
    side.tokens += row.tokens
    side.unpriced_tokens += row.unpriced_tokens
    side.estimated_nano += row.estimated_nano


def _add_billed(side: _Side, line: Billed) -> None:
    if line.nano is None:
        side.amountless = True
    else:
        side.billed_nano = (side.billed_nano or 0) + line.nano
    side.billed_tokens = None if line.tokens is None or side.billed_tokens is None else side.billed_tokens + line.tokens
    side.tiers.add(line.tier)
    side.keys.update(line.keys)


def _cell(place: Place, side: _Side, *, billed_day: bool) -> Cell:
    metered = NanoUsd(side.nano)
    if side.amountless:
        return Cell(place, metered, None, Part("no-amount", None, "the bill names this line without an amount"))
    billed = NanoUsd(side.billed_nano or 0)
    difference = NanoUsd(billed - metered)
    if difference == 0:
        return Cell(place, metered, billed, None)
    cause, evidence = _why(side, difference, billed_day=billed_day)
    return Cell(place, metered, billed, Part(cause, difference, evidence))


def _why(side: _Side, difference: int, *, billed_day: bool) -> tuple[Cause, str]:
    """The one cause that the figures prove."""
    if not billed_day:
        return "lag", "the provider has billed nothing of that day yet"
    if abs(difference) <= ROUNDING_NANO and not side.unpriced_tokens:
        return "rounding", "less than half a cent"
    if side.billed_nano is None:
        wholly = side.estimated_nano == side.nano
        return ("retries", "only broken answers were metered") if wholly else ("unexplained", "metered and not billed")
    if not side.tokens and not side.nano:
        return "outside", f"nothing of it was metered{_of_keys(side)}"
    if side.unpriced_tokens:
        return _unpriced(side)
    return _broken(side, difference) if side.billed_tokens is None else _counted(side, difference, side.billed_tokens)


def _of_keys(side: _Side) -> str:
    names = sorted(name for name in side.keys if name)
    return f"; billed for {', '.join(names[:3])}" if names else ""


def _unpriced(side: _Side) -> tuple[Cause, str]:
    """Tokens without a price explain the difference if the counts agree, and what was priced is priced as billed."""
    priced = side.tokens - side.unpriced_tokens
    counts = side.billed_tokens is None or _same_count(side.billed_tokens, side.tokens)
    prices = priced == 0 or (
        side.billed_tokens is not None and _same_price(side.nano, priced, side.billed_nano or 0, side.billed_tokens)
    )
    if counts and prices:
        return "unknown-price", f"{side.unpriced_tokens} of {side.tokens} tokens have no known price"
    return "unexplained", "tokens without a price, and something else"


def _broken(side: _Side, difference: int) -> tuple[Cause, str]:
    """Without counts only broken answers can be told: the difference is no larger than what was guessed for them."""
    if side.estimated_nano and abs(difference) <= side.estimated_nano + ROUNDING_NANO:
        return "retries", "no more than what was estimated for broken answers"
    return "unexplained", "the bill counts no tokens"


def _counted(side: _Side, difference: int, tokens: Decimal) -> tuple[Cause, str]:
    """With counts on both sides volume and price can be told apart."""
    same_price = _same_price(side.nano, side.tokens, side.billed_nano or 0, tokens)
    if _same_count(tokens, side.tokens):
        tiers = sorted(tier for tier in side.tiers if tier not in ("", "standard", "default"))
        if tiers and len(side.tiers) == 1:
            return "tier", f"billed as {tiers[0]}"
        return ("price", _prices(side, tokens)) if not tiers else ("unexplained", "several tiers in one line")
    if not same_price:
        return "unexplained", "both the count and the price differ"
    if side.estimated_nano:
        return _broken(side, difference)
    if tokens > side.tokens:
        return "outside", f"{tokens:f} tokens billed, {side.tokens} metered, at the same price{_of_keys(side)}"
    return "unexplained", f"{tokens:f} tokens billed, {side.tokens} metered"


def _same_count(billed: Decimal, metered: int) -> bool:
    return abs(billed - metered) * 10_000 <= metered


def _same_price(nano: int, tokens: int, billed: int, billed_tokens: Decimal) -> bool:
    """Whether both sides paid the same for a token."""
    if tokens <= 0 or billed_tokens <= 0 or nano <= 0:
        return False
    return abs(billed * tokens / (nano * billed_tokens) - 1) <= SAME_PRICE


def _prices(side: _Side, tokens: Decimal) -> str:
    metered = Decimal(side.nano) / side.tokens / 1000
    return f"{metered:.4g} $/Mtok metered, {Decimal(side.billed_nano or 0) / tokens / 1000:.4g} billed"


def _summed(cells: tuple[Cell, ...]) -> Reconciliation:
    known = [cell for cell in cells if cell.billed_nano is not None]
    metered = NanoUsd(sum(cell.metered_nano for cell in known))
    billed = NanoUsd(sum(cell.billed_nano or 0 for cell in known))
    both = sum(min(cell.metered_nano, max(cell.billed_nano or 0, 0)) for cell in known)
    owed = sum(max(cell.billed_nano or 0, 0) for cell in known)
    ratio = Decimal(billed) / metered if metered >= LEAST_NANO and billed >= 0 else None
    return Reconciliation(
        cells=cells,
        metered_nano=metered,
        billed_nano=billed,
        parts=_parts(cells),
        covered_ratio=Decimal(both) / owed if owed else None,
        ratio=ratio,
        disputed_factor=_misread(known),
    )


def _parts(cells: Sequence[Cell]) -> tuple[Part, ...]:
    found: dict[Cause, Part] = {}
    for cell in cells:
        if cell.part is None:
            continue
        before = found.get(cell.part.cause)
        if before is None:
            found[cell.part.cause] = cell.part
        elif before.nano is not None and cell.part.nano is not None:
            found[cell.part.cause] = replace(before, nano=NanoUsd(before.nano + cell.part.nano))
    return tuple(sorted(found.values(), key=lambda part: -abs(part.nano or 0)))


def _misread(cells: Sequence[Cell]) -> Decimal | None:
    """The power of ten by which the bill is off on every day of both sides; a wrong unit does that, traffic not."""
    days: dict[int, list[int]] = {}
    for cell in cells:
        sums = days.setdefault(cell.place.day_ms, [0, 0])
        sums[0] += cell.metered_nano
        sums[1] += cell.billed_nano or 0
    told = [Decimal(billed) / metered for metered, billed in days.values() if metered >= LEAST_NANO and billed > 0]
    for factor in (each for size in UNIT_FACTORS for each in (size, 1 / size)):
        if told and all(abs(ratio / factor - 1) <= UNIT_SLACK for ratio in told):
            return factor
    return None
