"""What screens show beyond the picture: asked of the archive while somebody looks, and no oftener than it changes."""

from typing import TYPE_CHECKING

from costtui.tui.scene import Choices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from costtui.analysis.advice import Advice
    from costtui.report.advised import Guidance
    from costtui.report.bills import BillsTable
    from costtui.report.decided import Decided
    from costtui.report.savings import Savings
    from costtui.report.schema import Decision, Status
    from costtui.report.spend import SpendTable
    from costtui.report.verdict import Situation
    from costtui.tui.archive import Archive

MINUTE_MS = 60_000
ASK_MS = 5_000
"""Spend and requests are asked this often: to read and draw 300 of them takes 30 ms."""
_SLOW = ("versus", "advice")
"""Screens of days and weeks, asked once a minute."""
_ASKED = ("routes", "spend", "versus", "bills", "advice", "requests")


class Asked:
    """The last answers. Without an archive there are none."""

    def __init__(self, archive: "Archive | None") -> None:
        self._archive = archive
        self._last: object = None
        self.spend: SpendTable | None = None
        self.bills: BillsTable | None = None
        self.savings: Savings = {}
        self.situation: Situation | None = None
        self.guidance: Guidance | None = None
        self.requests: tuple[Decision, ...] = ()
        self.decided: Mapping[int, Decided] = {}

    def look(self, choices: Choices, at_ms: int, shown: "Status") -> None:
        """Ask what the present screen shows, where it may have changed."""
        view, by = choices.view, choices.by
        asked = (view, "", at_ms // MINUTE_MS) if view in _SLOW else (view, by, at_ms // ASK_MS)
        if self._archive is None or view not in _ASKED or asked == self._last:
            return
        self._last = asked
        if view == "versus":
            self.situation = self._archive.situation(at_ms, shown)
        elif view == "advice":
            self.guidance = self._archive.guidance(at_ms, shown)
        elif view == "spend":
            self.spend = self._archive.spend(by, at_ms, shown)
        elif view == "routes":
            self.savings, self.decided = self._archive.savings(at_ms, shown), self._archive.decided()
        elif view == "bills":
            self.bills = self._archive.bills(at_ms, shown)
        else:
            self.requests, self.decided = self._archive.requests(at_ms), self._archive.decided()

    def advice(self, choices: Choices) -> "Advice | None":
        """The selected piece of advice; None on other screens and where none is selected."""
        if choices.view != "advice" or choices.hours or self.guidance is None:
            return None
        found = {key_of(each): each for each in self.guidance.advice}
        return found.get(choices.selected or next(iter(found), ""))

    def command(self, choices: Choices) -> str:
        """What carries the selected piece of advice out; empty where nothing does."""
        advice = self.advice(choices)
        if advice is None:
            return ""
        from costtui.report.followed import command_of  # loaded with the advice

        return command_of(advice)


def key_of(advice: "Advice") -> str:
    """Of its row."""
    return f"{advice.kind}:{advice.subject}"
