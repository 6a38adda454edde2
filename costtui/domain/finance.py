"""To whom spending belongs, as whoever pays the bills sees it: teams and owners, and what the GPU host invoiced."""

from collections.abc import Sequence
from dataclasses import dataclass

from costtui.domain.money import NanoUsd

TEAM, OWNER = "team", "owner"
KEY, USER, TAG = "key:", "user:", "tag:"
"""What a member is: a gateway key by its name or id, a Unix user, what callers name in the header `x-costtui-tag`."""
MEMBERS = (KEY, USER, TAG)
Groups = tuple[tuple[str, tuple[str, ...]], ...]
"""Names with their members."""


@dataclass(frozen=True, slots=True)
class Finance:
    """`[finance]`."""

    gpu_host: str = ""
    """Who rents the GPUs out; empty: not said."""
    invoices: tuple[tuple[str, NanoUsd], ...] = ()
    """By month, written `2026-11`: what the GPU host wants for it."""
    teams: Groups = ()
    owners: Groups = ()

    def groups(self, by: str) -> Groups:
        """Of teams or of owners."""
        return self.teams if by == TEAM else self.owners

    def invoice(self, month: str) -> NanoUsd | None:
        """Of a month; None where there is none yet."""
        return dict(self.invoices).get(month)

    @property
    def tags(self) -> tuple[str, ...]:
        """What callers may name so that it is kept: `team=NAME`, `owner=NAME` and the tags that are members."""
        named = [f"{by}={name}" for by in (TEAM, OWNER) for name, _ in self.groups(by)]
        members = [member for by in (TEAM, OWNER) for _, those in self.groups(by) for member in those]
        return (*named, *(member.removeprefix(TAG) for member in members if member.startswith(TAG)))


def tag_pairs(tag: str) -> dict[str, str]:
    """`team=search,owner=ada` as pairs; a word without `=` has an empty value."""
    pairs = (part.strip().partition("=") for part in tag.split(","))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}


def group_of(finance: Finance, by: str, members: Sequence[str], tag: str = "") -> str:
    """The team or owner; empty if none. What the request itself says goes before the tag's, the tag's before the key's
    or user's group."""
    if said := tag_pairs(tag).get(by):
        return said
    for member in (f"{TAG}{tag}", *members):
        for name, those in finance.groups(by):
            if member in those:
                return name
    return ""
