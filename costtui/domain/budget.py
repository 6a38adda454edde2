"""Budgets: how much, of what, of whose spending, in which window, and what happens at the limit."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from costtui.domain.money import NanoUsd
from costtui.domain.window import Window

STAGES = (50, 80, 100)


class AtLimit(StrEnum):
    """What a budget does to requests once its money is gone."""

    WARN = "warn"
    DOWNGRADE = "downgrade"
    """to the cheaper target that its map names"""
    SELF_HOSTED_ONLY = "self-hosted-only"
    BLOCK = "block"

    __hash__ = str.__hash__  # Enum's own is written in Python: 0.2 us a look-up


class ScopeKind(StrEnum):
    """Whose spending counts."""

    ALL = "all"
    ROUTE = "route"
    KEY = "key"
    PROVIDER = "provider"
    MODEL = "model"
    TAG = "tag"
    """what callers name in the header `x-costtui-tag`"""

    __hash__ = str.__hash__  # as above


class Scope(NamedTuple):
    """Whose spending a budget counts. `name` is empty for all of it; of a key it is the name it was given."""

    kind: ScopeKind = ScopeKind.ALL
    name: str = ""

    @property
    def text(self) -> str:
        """As people read it: `everything`, `key team-a`."""
        return "everything" if self.kind is ScopeKind.ALL else f"{self.kind} {self.name}"


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Budget:
    """`[budgets]` NAME."""

    name: str
    covers: tuple[str, ...]
    """of gpu, power, api"""
    window: Window
    limit: NanoUsd
    at_limit: AtLimit = AtLimit.WARN
    scope: Scope = EVERYTHING
    downgrade: tuple[tuple[str, str], ...] = ()
    """Target, and the cheaper one to send to instead."""
    stages: tuple[int, ...] = STAGES
    """Percent of the limit at which to tell."""
    shadow: bool = False
    """Decides and reports, and refuses nothing."""
    unbounded: str = "refuse"
    """A request without an upper bound of its cost: `refuse`, or `bound`: it is given one."""
    unpriced: str = "refuse"
    """A target whose price is not known: `refuse` or `allow`."""

    @property
    def hard(self) -> bool:
        """Whether requests can be refused or moved for it."""
        return self.at_limit is not AtLimit.WARN and "api" in self.covers
