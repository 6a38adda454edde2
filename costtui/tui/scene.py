"""Everything that decides what is on the screen: the picture, the clock, the size and what the user chose."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TYPE_CHECKING, Literal

from costtui.report.decided import Decided
from costtui.report.schema import Decision, Status
from costtui.report.words import clock
from costtui.tui.feed import History
from costtui.tui.figures import local_now, zone_of
from costtui.tui.form import Form
from costtui.tui.glyphs import Glyphs

if TYPE_CHECKING:
    from costtui.report.advised import Guidance
    from costtui.report.bills import BillsTable
    from costtui.report.savings import Savings
    from costtui.report.spend import SpendTable
    from costtui.report.verdict import Situation

View = Literal[
    "overview",
    "gpus",
    "routes",
    "spend",
    "versus",
    "budgets",
    "requests",
    "bills",
    "advice",
    "warnings",
    "sources",
    "help",
]
Sort = Literal["index", "idle $", "$/h", "state", "memory"]
SORTS: tuple[Sort, ...] = ("index", "idle $", "$/h", "state", "memory")


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user chose; none of it changes a fact."""

    view: View = "overview"
    selected: str | None = None
    """Key of the selected row; None selects the first."""
    sort: Sort = "index"
    reverse: bool = False
    needle: str = ""
    editing: bool = False
    expanded: frozenset[str] = frozenset()
    mouse: bool = True
    by: str = "provider"
    """What spend is grouped by."""
    page: Literal["flip", "bill"] = "flip"
    """Of the screen against APIs: where it flips, or the bill behind it."""
    steps: tuple[tuple[str, int], ...] = ()
    """Numbers of a break-even that are tried, so many steps from what was measured."""
    logarithmic: bool = False
    hours: bool = False
    """On the screen of advice: the map of idle hours instead."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of the screen."""

    status: Status | None
    minute_ms: int
    """The clock cut to the minute: nothing on the screen is finer, so that nothing ticks."""
    width: int
    height: int
    choices: Choices = field(default_factory=Choices)
    glyphs: Glyphs = field(default_factory=Glyphs)
    slow_seconds: int = 0
    """Seconds between frames where the terminal takes longer than one, else 0."""
    notice: str = ""
    histories: Mapping[str, History] = field(default_factory=dict)
    back: str = ""
    """The moment looked back at; empty: now."""
    spend: "SpendTable | None" = None
    bills: "BillsTable | None" = None
    """Read while the screen of bills is open."""
    guidance: "Guidance | None" = None
    """Read while the screen of advice is open."""
    situation: "Situation | None" = None
    """What this host knows of its cost and traffic; read while the screen against APIs is open."""
    requests: tuple[Decision, ...] = ()
    decided: Mapping[int, Decided] = field(default_factory=dict)
    """What else the gateway might have done, by request."""
    savings: "Savings" = field(default_factory=dict)
    """What each route saved today against each of its APIs; read while the screen of routes is open."""
    form: Form | None = None
    """A change by hand that is being thought over."""

    @property
    def zone(self) -> tzinfo:
        """The host's zone."""
        return zone_of(self.status.host.timezone if self.status else "UTC")

    @property
    def time(self) -> str:
        """`12:01 CET`."""
        here = local_now(self.minute_ms, self.zone)
        return f"{here:%H:%M} {here.tzname() or ''}".rstrip()

    def clock(self, iso: str | None) -> str:
        """A time of the picture as the host's wall clock shows it."""
        return clock(iso, self.zone, local_now(self.minute_ms, self.zone).isoformat())
