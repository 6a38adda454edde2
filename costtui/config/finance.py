"""`[finance]`: teams, owners and the GPU host's invoices."""

import re

from costtui.config.table import Table
from costtui.domain.finance import MEMBERS, Finance, Groups
from costtui.domain.money import NanoUsd, nano_from_usd

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
"""What a header can carry without being quoted, and a comma does not split."""


def read_finance(table: Table) -> Finance:
    """Absent is nobody's, and no invoice."""
    finance = Finance(
        gpu_host=table.text("gpu_host") or "",
        invoices=_invoices(table.table("invoices")),
        teams=_groups(table.table("teams")),
        owners=_groups(table.table("owners")),
    )
    table.close()
    return finance


def _invoices(table: Table) -> tuple[tuple[str, NanoUsd], ...]:
    found = []
    for month in table.names_given():
        usd = table.number(month)
        if not _MONTH.fullmatch(month):
            table.wrong(month, 'is not a month; write it "2026-11"')
        elif usd is not None:
            found.append((month, nano_from_usd(usd)))
    return tuple(found)


def _groups(table: Table) -> Groups:
    """Nobody belongs to two teams, and nobody to two owners: their spending would be counted twice or by chance."""
    found: dict[str, tuple[str, ...]] = {}
    taken: dict[str, str] = {}
    for name in table.names_given():
        members = table.names(name) or ()
        if not _NAME.fullmatch(name):
            table.wrong(name, "a name has up to 64 letters, digits, dots, dashes, underscores and @")
        for member in members:
            _check(table, name, member, taken.setdefault(member, name))
        found[name] = members
    return tuple(found.items())


def _check(table: Table, name: str, member: str, holder: str) -> None:
    kind = next((each for each in MEMBERS if member.startswith(each)), "")
    if not kind or not member.removeprefix(kind):
        table.wrong(name, 'has members such as "key:ci", "user:ada" or "tag:batch", not %', member)
    if holder != name:
        table.wrong(name, f'names % that belongs to "{holder}" already', member)
