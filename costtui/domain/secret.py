"""Secrets are named by reference and never show their value."""

from dataclasses import dataclass
from typing import Literal

SecretKind = Literal["file", "env", "keyring"]


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is kept: `file:PATH`, `env:NAME` or `keyring:NAME`. Safe to show."""

    kind: SecretKind
    where: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.where}"


class Secret:
    """A secret's value; printing, formatting, comparing and pickling never reveal it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value, for the one call that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Secret is never serialised")
