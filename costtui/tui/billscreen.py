"""Screen 8: what providers billed beside what was metered, and where the difference is from."""

from typing import TYPE_CHECKING

from costtui.report.words import money, percent
from costtui.tui.line import Line, Role, Row, Run, wrapped
from costtui.tui.overview import Body
from costtui.tui.scene import Scene
from costtui.tui.table import Cell, Column, row_line, title_line

if TYPE_CHECKING:
    from costtui.report.bills import ProviderBill

COLUMNS = (
    Column("PROVIDER", 12),
    Column("read", 13),
    Column("month billed $", 14, right=True),
    Column("metered $", 10, right=True),
    Column("diff $", 9, right=True),
    Column("covered", 7, right=True, least=88),
    Column("now $/h", 8, right=True, least=97),
    Column("balance $", 10, right=True, least=76),
    Column("why", 0, least=104),
)
_AGES: dict[str, Role] = {"fresh": "plain", "late": "warn", "stale": "bad", "never": "dim", "unsupported": "dim"}


def bill_screen(scene: Scene, selected: str | None) -> Body:
    """The body; below the table what is known of the selected provider."""
    table = scene.bills
    if table is None or not table.providers:
        say = " no bill is read yet: name a provider's billing key in [billing], on one machine"
        return Body((), (Row((Run(say, "dim"),)),))
    current = selected if any(bill.provider == selected for bill in table.providers) else table.providers[0].provider
    rows = [
        Row(_line(scene, bill, table.at_ms, chosen=bill.provider == current), bill.provider) for bill in table.providers
    ]
    (bill,) = (each for each in table.providers if each.provider == current)
    return Body((title_line(COLUMNS, scene.width, scene.glyphs),), tuple(rows), tuple(_below(scene, bill)))


def _line(scene: Scene, bill: "ProviderBill", at_ms: int, *, chosen: bool) -> Line:
    from costtui.report.bill_words import age_words, balance_words, billed_words, difference_usd, verdict

    difference, closed = difference_usd(bill.closed), bill.closed
    own = scene.glyphs.own
    tone: Role = "bad" if bill.disputed or (closed is not None and closed.alarming) else "plain"
    apart = "?" if bill.disputed else "-" if difference is None else own(_signed(money(difference), difference > 0))
    covered = None if closed is None or bill.disputed else closed.covered_ratio
    cells = (
        Cell(bill.provider),
        Cell(age_words(bill, at_ms), _AGES[bill.age] if not bill.problem or bill.age == "unsupported" else "warn"),
        Cell(own(billed_words(bill)), "bad" if bill.disputed else "money"),
        Cell(own(money(bill.metered_usd)) if bill.metered_usd is not None else "-", "money"),
        Cell(apart, tone),
        Cell("-" if covered is None else percent(covered)),
        Cell("-" if not bill.burning else own(money(bill.usd_per_hour)), "money"),
        Cell(own(balance_words(bill)), "money"),
        Cell(own(verdict(closed)) if closed is not None else "-", "bad" if bill.disputed else "dim"),
    )
    return row_line(cells, COLUMNS, scene.width, scene.glyphs, selected=chosen)


def _signed(text: str, positive: bool) -> str:
    return f"+{text}" if positive else text


def _below(scene: Scene, bill: "ProviderBill") -> list[Line]:
    from costtui.report.bill_words import SCOPES, notes, signed, verdict

    texts = [f"{bill.provider}: {SCOPES.get(bill.scope, '')}".rstrip(": ")]
    if bill.closed is not None:
        texts.append(f"closed days (UTC): {verdict(bill.closed)}")
        texts += [f"{signed(part)}: {part.evidence}" for part in bill.closed.parts]
    texts += notes(bill)
    texts.append("billed, metered and what is rented by the hour are three figures and in no sum together")
    lines: list[Line] = [()]
    for text in dict.fromkeys(texts):
        lines += [(Run(piece, "dim"),) for piece in wrapped(scene.glyphs.own(text), max(scene.width, 1))]
    return lines
