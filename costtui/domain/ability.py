"""What a target can serve."""

from dataclasses import dataclass

NEEDS = ("tools", "vision", "json")


@dataclass(frozen=True, slots=True)
class Abilities:
    """None where nobody said: that is taken for yes."""

    context_window: int | None = None
    """Tokens of prompt and answer together."""
    tools: bool | None = None
    vision: bool | None = None
    json: bool | None = None

    def lacks(self, tokens: int, needs: frozenset[str]) -> str:
        """What of a request of so many tokens it cannot serve, in words; empty if nothing is known."""
        if self.context_window is not None and tokens > self.context_window:
            return f"its context window of {self.context_window} tokens is too small"
        missing = next((need for need in NEEDS if need in needs and getattr(self, need) is False), None)
        return "" if missing is None else f"it has no {missing}"


ABLE = Abilities()
