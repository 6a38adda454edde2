"""A known price that moves by more than ten times waits for a yes; the last good one stays in force meanwhile."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from costtui.domain.price import TokenPrice
from costtui.rates.rows import amounts, flaw

LIMIT = 10
"""A slip of the unit is a thousand times, of the decimal point ten; providers have never moved a price by more."""
Offer = tuple[str, str]
"""Provider and model."""


@dataclass(frozen=True, slots=True, order=True)
class Held:
    """A price that was not taken."""

    provider: str
    model: str
    kind: str
    before: str
    after: str
    why: str

    @property
    def text(self) -> str:
        """`openai gpt-5: input from 1.25 to 1250 (more than 10 times)`."""
        return f"{self.provider} {self.model}: {self.kind} from {self.before} to {self.after} ({self.why})"


@dataclass(frozen=True, slots=True)
class Guard:
    """What was in force at the last compilation, and what of it the user has said yes to."""

    last: dict[Offer, tuple[TokenPrice, ...]]
    accepted: frozenset[Held] = frozenset()

    def check(self, rows: Iterable[TokenPrice]) -> tuple[list[TokenPrice], list[Held]]:
        """The rows to take, and what was held: an offer is taken or stays as a whole."""
        taken: list[TokenPrice] = []
        held: list[Held] = []
        offers: dict[Offer, list[TokenPrice]] = {}
        for row in rows:
            offers.setdefault((row.provider, row.model), []).append(row)
        for offer, new in offers.items():
            wrong = self._wrong(new, self.last.get(offer, ()))
            taken += self.last.get(offer, ()) if wrong else new
            held += wrong
        return taken, held

    def _wrong(self, new: Sequence[TokenPrice], last: Sequence[TokenPrice]) -> list[Held]:
        flaws = [Held(row.provider, row.model, "price", _shown(last), "?", why) for row in new if (why := flaw(row))]
        if flaws:
            return flaws
        return [move for row in new for move in moves(row, last) if move not in self.accepted]


def _shown(last: Sequence[TokenPrice]) -> str:
    return f"{last[-1].input:f}" if last else "?"


def moves(new: TokenPrice, last: Sequence[TokenPrice]) -> list[Held]:
    """Every kind whose price moves too far from the last known of the same day, else of the day before it."""
    priced = [row for row in last if not row.free and row.hours == new.hours]
    if not priced or new.free:
        return []
    earlier = [row for row in priced if row.from_ms <= new.from_ms]
    before, after = amounts(max(earlier or priced[:1], key=lambda row: row.from_ms)), amounts(new)
    return [
        Held(new.provider, new.model, kind, f"{before[kind]:f}", f"{after[kind]:f}", f"more than {LIMIT} times")
        for kind in before.keys() & after.keys()
        if _far(before[kind], after[kind])
    ]


def _far(before: Decimal, after: Decimal) -> bool:
    if before == after:
        return False
    low, high = sorted((before, after))
    return low * LIMIT < high


def accepted_of(held: Collection[Held], name: str, offers: Collection[Offer]) -> frozenset[Held]:
    """Of what is held, what a user means by a model's name; `offers` are those of a target so named."""
    return frozenset(each for each in held if name == each.model or (each.provider, each.model) in offers)
