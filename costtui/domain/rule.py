"""Rules of a route: which of its requests go to which of its targets alone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """Requests that match everything that is stated go to `targets` alone; the first rule that matches counts."""

    targets: frozenset[str]
    key_id: str = ""
    tag: str = ""
    data_class: str = ""
    tokens_over: int | None = None
    """Of the prompt."""
    tokens_up_to: int | None = None
    hours: tuple[int, int] | None = None
    """From and until which hour of the day, 0 to 24; may pass midnight."""
