"""A ledger's worth of figures by hand, for screens that ask for more than the picture of now."""

from dataclasses import replace
from decimal import Decimal

import msgspec

from costtui.domain.money import NanoUsd
from costtui.errors import CosttuiError
from costtui.report.advised import Guidance
from costtui.report.bills import BillsTable
from costtui.report.decided import Considered, Decided
from costtui.report.savings import Saving, Savings
from costtui.report.schema import Cache, Decision, Status
from costtui.report.spend import GROUPINGS, SpendLine, SpendTable, Sum
from costtui.report.verdict import Situation
from tests.tui.advised import guidance
from tests.tui.billed import bills
from tests.tui.pictures import carried, decision, decisions
from tests.tui.verdicts import situation

NANO = 1_000_000_000


def total(usd: str | None, requests: int = 10, unpriced: int = 0) -> Sum:
    return Sum(None if usd is None else Decimal(usd), unpriced, requests, requests * 1_600)


def line(name: str, today: str | None, week: str | None, month: str | None, word: str, unpriced: int = 0) -> SpendLine:
    hours = tuple(NANO * (hour % 7) for hour in range(24))
    sums = (total(today), total(week), total(month, 2_000, unpriced))
    return SpendLine(name, word == "accrued", word, *sums, hours)


def table(by: str = "provider", text: str = "openai") -> SpendTable:
    """openai 812 + novita 190 = 1002; gmi has no price; llama is a share of rent."""
    assert by in GROUPINGS
    apis = (
        line(text, "40.2", "300", "812", "estimated"),
        line("novita", "12.2", "80", "190", "metered"),
        line("gmi", None, None, None, "unknown", 3),
    )
    whole = line("all APIs", "52.4", "380", "1002", "estimated", 3)
    cache = Cache(
        hits=120,
        requests=11_103,
        hit_ratio=0.0108,
        saved_usd=Decimal("0.84"),
        provider_cached_ratio=0.31,
        provider_saved_usd=Decimal("4.2"),
    )
    return SpendTable(
        by,
        apis,
        (line("vllm", "9", "60", "200", "accrued"),),
        (line("together", "3", "20", "61", "billed"),),
        whole,
        cache,
    )


class FixedArchive:
    """Answers by hand; counts what it was asked."""

    def __init__(self, text: str = "openai") -> None:
        self.asked: list[str] = []
        self.closed = False
        self.text = text
        self.shares: tuple[tuple[str, int], ...] = ()

    def spend(self, by: str, at_ms: int, present: Status) -> SpendTable:
        self.asked.append(f"spend by {by}")
        return table(by, self.text)

    def requests(self, at_ms: int) -> tuple[Decision, ...]:
        self.asked.append("requests")
        return (*decisions(), decision(3, "legal", "mixtral", "0", outcome="cached", saved_usd=Decimal("0.02")))

    def savings(self, at_ms: int, present: Status) -> Savings:
        self.asked.append("savings")
        names = [(route.name, share.target) for route in present.routes for share in route.shares]
        prices = (NanoUsd(90 * NANO), None, NanoUsd(12 * NANO))
        return {
            name: Saving(there, None if there is None else NanoUsd(there - 20 * NANO))
            for name, there in zip(names, prices * len(names), strict=False)
        }

    def bills(self, at_ms: int, present: Status) -> BillsTable:
        self.asked.append("bills")
        return bills(at_ms, self.text)

    def guidance(self, at_ms: int, present: Status) -> Guidance:
        self.asked.append("guidance")
        found = guidance(at_ms) if self.text == "openai" else guidance(at_ms, self.text)
        moved = [replace(each, shares=self.shares) if each.shares and self.shares else each for each in found.advice]
        return replace(found, advice=tuple(moved))

    def situation(self, at_ms: int, present: Status) -> Situation:
        self.asked.append("situation")
        return situation(self.text)

    def decided(self) -> dict[int, Decided]:
        considered = (
            Considered("llama", 0, ""),
            Considered(self.text, 3_120_000, "costs more, or is listed later"),
            Considered("gmi", None, "failed of late"),
        )
        return {each.request: Decided("idle-first: llama has room", considered) for each in decisions()[:2]}

    def picture(self, at_ms: int, present: Status) -> Status:
        self.asked.append(f"picture {at_ms}")
        if self.closed:
            raise CosttuiError("nothing is kept")
        return msgspec.structs.replace(carried(), at="2026-11-23T11:00:00Z", routes=())

    def close(self) -> None:
        self.closed = True
