"""A load balancer beside the gateway that follows the same changes by hand, and what it said that it does."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Balancer:
    """One HAProxy backend whose servers are targets of a route."""

    name: str
    socket: Path
    """Its runtime API: a Unix socket with `level admin`."""
    backend: str
    route: str
    servers: tuple[tuple[str, str], ...]
    """Target and the name that the backend calls its server by."""

    @property
    def place(self) -> str:
        """Which backend of which HAProxy it is."""
        return f"{self.socket} {self.backend}"


@dataclass(frozen=True, slots=True)
class Order:
    """What one server is to do."""

    server: str
    weight: int | None = None
    """0 to 256; None: as in the balancer's own configuration."""
    drained: bool = False
    """Nothing new; what runs may end."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a backend is to do, and whose word that is."""

    revision: int | None = None
    """The newest change by hand that concerns it, also where that has ended since; None: there never was one."""
    servers: tuple[Order, ...] = ()
    note: str = ""
    """Why a change by hand asks nothing of this backend, where that is so."""

    @property
    def plain(self) -> bool:
        """Whether everything is to be as in the balancer's own configuration."""
        return all(order.weight is None and not order.drained for order in self.servers)


@dataclass(frozen=True, slots=True)
class ServerNow:
    """One server as the balancer itself describes it."""

    server: str
    weight: int
    configured_weight: int
    drained: bool = False
    """By hand or by costtui."""
    maintenance: bool = False
    status: str = ""
    """In the balancer's words: `UP`, `DOWN`, `no check`, `DRAIN`, `MAINT`."""
    sessions: int | None = None
    """Running now."""
    served: int | None = None
    """Sessions since the balancer started or its counters were cleared."""


@dataclass(frozen=True, slots=True)
class Process:
    """Which run of the balancer answered. One that started anew has forgotten what it was told."""

    pid: int
    uptime_seconds: int

    def restarted_since(self, earlier: "Process") -> bool:
        """Whether this is another run than `earlier`; in a container every run can have the same pid."""
        return self.pid != earlier.pid or self.uptime_seconds < earlier.uptime_seconds


class AckState(StrEnum):
    """How it stands between a balancer and what it was told last."""

    ASKED = "asked"
    """about to be told, or told without a word of how it went"""
    APPLIED = "applied"
    """read back as told"""
    REFUSED = "refused"
    """told, and it does not do it; told again after a while"""
    CHANGED = "changed"
    """somebody else changed it since; left alone until the next change by hand or restart"""


@dataclass(frozen=True, slots=True)
class Ack:
    """What a balancer was told, and what was read back from it."""

    balancer: str
    state: AckState
    at_ms: int
    orders: Orders
    process: Process
    servers: tuple[ServerNow, ...] = ()
    """As read back."""
    problem: str = ""
    """Why it is refused or what is different."""
    weighted: tuple[str, ...] = ()
    """Servers whose weight costtui may have set and has not set back."""
    drained: tuple[str, ...] = ()
    """Servers that costtui may have drained and has not made ready again."""
    place: str = ""
    """Socket and backend: the same name can become another balancer's."""

    @property
    def touched(self) -> frozenset[str]:
        """Servers that costtui may have to set back."""
        return frozenset((*self.weighted, *self.drained))
