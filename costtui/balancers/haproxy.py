"""One HAProxy backend: read what its servers do, tell them what to do.

Columns as HAProxy's management guide has them: `srv_admin_state` is a mask, `srv_uweight` the weight in force and
`srv_iweight` the one of its configuration file.
"""

import csv
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from costtui.balancers.runtime import ask
from costtui.domain.balancer import Balancer, Process, ServerNow
from costtui.domain.clean import clean
from costtui.errors import SourceError

MAINTENANCE = 0x01 | 0x02 | 0x04 | 0x20
"""Forced, inherited, configured, or for want of an address."""
DRAINED = 0x08
"""Forced drain; an inherited one is another server's."""
REFUSAL_CHARACTERS = 200
LARGEST = 10**18


class BackendNow(NamedTuple):
    """A backend at one moment."""

    process: Process
    servers: tuple[ServerNow, ...]
    """Those that were asked for, in the backend's order; one that it does not have is left out."""


async def read(balancer: Balancer, others: Collection[str] = ()) -> BackendNow:
    """Ask HAProxy what the balancer's servers do, and `others` of the backend.

    Raises SourceError where it is away or says something else.
    """
    backend = balancer.backend
    told = await ask(balancer.socket, ("show info", f"show servers state {backend}", f"show stat {backend} 4 -1"))
    try:
        return parse(told, balancer, others)
    except (ValueError, KeyError, csv.Error):
        raise SourceError(f"no description of servers at {balancer.socket}", "see what listens there") from None


async def tell(balancer: Balancer, commands: Sequence[str]) -> str:
    """Give commands; what HAProxy has against them, empty where it has nothing. Raises SourceError."""
    told = await ask(balancer.socket, commands) if commands else ""
    return clean(" ".join(told.split()), REFUSAL_CHARACTERS)


def parse(told: str, balancer: Balancer, others: Collection[str] = ()) -> BackendNow:
    """The answers to `show info`, `show servers state` and `show stat`.

    Raises SourceError for a backend that is not there, ValueError, KeyError or csv.Error for what is no description.
    """
    info, states, stats = _sections(told)
    process = Process(_count(info["Pid"]), _count(info["Uptime_sec"]))
    if not states:
        raise SourceError(f"HAProxy has no backend {balancer.backend}", "correct `backend` in [haproxy]")
    wanted = {*(server for _, server in balancer.servers), *others}
    servers = (_server(row, stats.get(row["srv_name"], {})) for row in states if row["srv_name"] in wanted)
    return BackendNow(process, tuple(servers))


Row = dict[str, str]


def _sections(told: str) -> tuple[Row, list[Row], dict[str, Row]]:
    """`Name: value` lines, then two tables that each begin with a line of column names."""
    info: Row = {}
    states: list[Row] = []
    stats: dict[str, Row] = {}
    lines = iter(told.splitlines())
    for line in lines:
        if line.startswith("# be_id "):
            states = [dict(zip(line[2:].split(), row.split(), strict=False)) for row in _table(lines)]
        elif line.startswith("# pxname,"):
            names = line[2:].split(",")
            rows = (dict(zip(names, row, strict=False)) for row in csv.reader(_table(lines)))
            stats = {row["svname"]: row for row in rows}
        else:
            name, _, value = line.partition(": ")
            info.setdefault(name, value)
    return info, states, stats


def _table(lines: Iterator[str]) -> Iterator[str]:
    """Up to the empty line behind a table."""
    for line in lines:
        if not line:
            return
        yield line


def _server(state: Row, stat: Row) -> ServerNow:
    mask = _count(state["srv_admin_state"])
    return ServerNow(
        server=clean(state["srv_name"]),
        weight=_count(state["srv_uweight"]),
        configured_weight=_count(state["srv_iweight"]),
        drained=bool(mask & DRAINED),
        maintenance=bool(mask & MAINTENANCE),
        status=clean(stat.get("status", ""), 40),
        sessions=_count(stat["scur"]) if stat.get("scur") else None,
        served=_count(stat["stot"]) if stat.get("stot") else None,
    )


def _count(text: str) -> int:
    """A count of plausible size. Raises ValueError."""
    number = int(text) if len(text) < len(str(LARGEST)) else LARGEST + 1
    if not 0 <= number <= LARGEST:
        raise ValueError("out of range")
    return number
