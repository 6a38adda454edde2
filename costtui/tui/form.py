"""The form in which traffic is moved: what it holds and what keys do in it. What it would do, `helm` says."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["shift", "pin", "drain", "budget"]
DURATIONS: tuple[tuple[str, int | None], ...] = (
    *(("15m", 900), ("1h", 3_600), ("2h", 7_200), ("8h", 28_800), ("1d", 86_400), ("until undone", None)),
)
PROPOSED = 2
LONGEST_REASON = 200
LARGEST_SHARE = 1_000_000
STEP = 5
LARGEST_CENTS = 10**10
LIMIT = ("limit",)


@dataclass(frozen=True, slots=True)
class Form:
    """One change by hand while it is thought over. Fields in order: what it is of, shares (a shift), how long, why."""

    kind: Kind
    choices: Mapping[str, tuple[str, ...]]
    """Targets by route; of a drain every target by its own name, of a budget `LIMIT` by each name."""
    name: str
    """The route; of a drain the target, of a budget the budget."""
    shares: tuple[int, ...]
    """Of each target; of a pin 1 for the one, of a budget the limit in cents."""
    before: tuple[int, ...]
    """In percent, as in force now."""
    lasting: int = PROPOSED
    reason: str = ""
    field: int = 1
    told: tuple[str, ...] = ()
    """What it would do."""
    problem: str = ""

    @property
    def targets(self) -> tuple[str, ...]:
        """Rows that have a share."""
        return self.choices[self.name]

    @property
    def rows(self) -> int:
        """Fields between the name and the duration."""
        return len(self.targets) if self.kind == "shift" else 0 if self.kind == "drain" else 1

    @property
    def duration(self) -> int:
        """Number of the field that says how long."""
        return 1 + self.rows

    @property
    def last(self) -> int:
        """Number of the field that says why."""
        return 2 + self.rows

    @property
    def seconds(self) -> int | None:
        """How long; None: until undone."""
        return DURATIONS[self.lasting][1]

    @property
    def weights(self) -> dict[str, int]:
        """Share by target."""
        return dict(zip(self.targets, self.shares, strict=True))

    @property
    def pinned(self) -> str:
        """The target of a pin."""
        return self.targets[self.shares.index(1)]


def typed(form: Form, key: str, character: str | None) -> Form:
    """The form after a key; the same where it means nothing."""
    if key in ("up", "shift+tab"):
        return replace(form, field=(form.field - 1) % (form.last + 1))
    if key in ("down", "tab"):
        return replace(form, field=(form.field + 1) % (form.last + 1))
    if form.field == form.last:
        return _written(form, key, character)
    step = {"left": -1, "right": 1}.get(key, 0)
    if form.field == 0:
        return _renamed(form, step)
    if form.field == form.duration:
        return replace(form, lasting=min(max(form.lasting + step, 0), len(DURATIONS) - 1))
    if form.kind == "budget":
        return _limited(form, step, key, character)
    if form.kind == "pin":
        at = (form.shares.index(1) + step) % len(form.targets)
        return replace(form, shares=tuple(int(place == at) for place in range(len(form.targets))))
    return _shared(form, step, key, character)


def _limited(form: Form, step: int, key: str, character: str | None) -> Form:
    """A limit in cents: typed from the right as on a till, or in steps of a tenth."""
    cents = form.shares[0]
    if step:
        cents = max(cents + step * max(form.before[0] // 10, 1), 1)
    elif key == "backspace":
        cents //= 10
    elif character is not None and character.isascii() and character.isdigit():
        cents = cents * 10 + int(character)
        cents = int(character) if cents > LARGEST_CENTS else cents
    else:
        return form
    return replace(form, shares=(cents,))


def _written(form: Form, key: str, character: str | None) -> Form:
    if key == "backspace":
        return replace(form, reason=form.reason[:-1])
    if character is not None and character.isprintable():
        return replace(form, reason=(form.reason + character)[:LONGEST_REASON])
    return form


def _renamed(form: Form, step: int) -> Form:
    names = tuple(form.choices)
    name = names[(names.index(form.name) + step) % len(names)]
    return form if name == form.name else replace(form, name=name, shares=(), before=())


def _shared(form: Form, step: int, key: str, character: str | None) -> Form:
    """Two targets always share 100; with more each has its own number."""
    place = form.field - 1
    share = form.shares[place]
    if step:
        share = max(share + step * STEP, 0)
    elif key == "backspace":
        share //= 10
    elif character is not None and character.isascii() and character.isdigit():
        share = share * 10 + int(character)
        share = int(character) if share > LARGEST_SHARE or (len(form.shares) == 2 and share > 100) else share
    else:
        return form
    if len(form.shares) == 2:
        share = min(share, 100)
        return replace(form, shares=(share, 100 - share) if place == 0 else (100 - share, share))
    return replace(form, shares=(*form.shares[:place], share, *form.shares[place + 1 :]))
