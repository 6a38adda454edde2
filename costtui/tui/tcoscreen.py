"""The bill behind the break-even: parts stacked in one bar, and each input with its source and what it moves."""

from decimal import Decimal

from costtui.analysis.tco import Line as Part
from costtui.analysis.tco import Swing
from costtui.report.money import usd
from costtui.report.verdict import Situation
from costtui.report.verdict_tco import Total, total_of
from costtui.report.verdict_words import dollars, plain
from costtui.report.words import fine, percent
from costtui.tui.line import Line, Role, Row, Run, wrapped
from costtui.tui.overview import Body
from costtui.tui.scene import Scene
from costtui.tui.table import Cell, Column, row_line, title_line

_PARTS = (
    Column("PART", 28),
    Column("$/hour", 9, right=True, least=74),
    Column("$/month", 11, right=True),
    Column("$/year", 11, right=True, least=88),
    Column("share", 6, right=True),
    Column("how", 0),
)
_INPUTS = (
    Column("INPUT", 28),
    Column("value", 11, right=True),
    Column("unit", 10, least=74),
    Column("source", 10),
    Column("+10 % $/month", 13, right=True),
    Column("", 0, least=100),
)
_FILLS = "█▓▒░"
_ASCII_FILLS = "#=+-"
_ROLES: tuple[Role, ...] = ("good", "money", "warn", "other", "low")


def tco_screen(scene: Scene, found: Situation) -> Body:
    """The body; `g` turns back to the break-even."""
    total = total_of(found)
    keyed = [(f"part:{line.part.name}", line) for line in total.bill.lines]
    current = scene.choices.selected or keyed[0][0]
    rows = [Row(_part(scene, total, line, chosen=key == current), key) for key, line in keyed]
    rows.append(Row(title_line(_INPUTS, scene.width, scene.glyphs)))
    for swing in total.swings:
        key = f"input:{swing.input.name}"
        rows.append(Row(_swing(scene, swing, chosen=key == current), key))
    above = (*_head(scene, total), title_line(_PARTS, scene.width, scene.glyphs))
    return Body(above, tuple(rows), tuple(_below(scene, total)))


def _head(scene: Scene, total: Total) -> list[Line]:
    bill = total.bill
    more = scene.glyphs.own("≥") if bill.unknown and bill.total.month is not None else ""
    month, hour = usd(bill.total.month), usd(bill.total.hour)
    return [
        (Run(f" This host costs {more}{dollars(month)} $/month, {more}{dollars(hour)} an hour", "strong"),),
        _stacked(scene, total),
    ]


def _stacked(scene: Scene, total: Total) -> Line:
    """One bar, each part as long as its share; what is unknown has no length."""
    month = total.bill.total.month
    if not month:
        return (Run(" "),)
    room, runs, begun, reached = max(scene.width - 2, 1), [Run(" ")], 0, 0
    for number, line in enumerate(_known(total)):
        reached += line.amounts.month or 0
        end = round(reached * room / month)
        runs.append(Run(_fill(scene, number) * (end - begun), _ROLES[number % len(_ROLES)]))
        begun = end
    return tuple(runs)


def _known(total: Total) -> list[Part]:
    """Parts that have a length."""
    return [line for line in total.bill.lines if line.amounts.month]


def _fill(scene: Scene, number: int) -> str:
    fills = _ASCII_FILLS if scene.glyphs.ascii_only else _FILLS
    return fills[number % len(fills)]


def _part(scene: Scene, total: Total, line: Part, *, chosen: bool) -> Line:
    known = _known(total)
    number = known.index(line) if line in known else None
    role: Role = "plain" if number is None else _ROLES[number % len(_ROLES)]
    amounts, month = line.amounts, total.bill.total.month
    share = Decimal(amounts.month) / month if amounts.month is not None and month else None
    sign = " " if number is None else _fill(scene, number)
    how = f"? {', '.join(line.missing)}" if line.missing else line.part.formula
    cells = (
        Cell(f"{sign} {line.part.name}", role),
        *(Cell(dollars(usd(nano)), "money") for nano in (amounts.hour, amounts.month, amounts.year)),
        Cell(percent(share)),
        Cell(scene.glyphs.own(how), "bad" if line.missing else "dim"),
    )
    return row_line(cells, _PARTS, scene.width, scene.glyphs, selected=chosen)


def _swing(scene: Scene, swing: Swing, *, chosen: bool) -> Line:
    each = swing.input
    cells = (
        Cell(each.name),
        Cell(plain(each.value)),
        Cell(each.unit),
        Cell(each.source.value, "bad" if each.value is None else "plain"),
        Cell(dollars(usd(swing.more)), "money"),
        Cell(scene.glyphs.own(each.note), "dim"),
    )
    return row_line(cells, _INPUTS, scene.width, scene.glyphs, selected=chosen)


def _below(scene: Scene, total: Total) -> list[Line]:
    worked = total.worked_share
    share = None if worked is None else Decimal(worked.numerator) / worked.denominator
    texts = [
        f"{fine(total.bases.allocation)} $/Mtok with idle hours (allocation: compare this one),"
        f" {fine(total.bases.usage)} without (usage): GPUs worked {percent(share)} of the time"
    ]
    if total.bill.unknown:
        texts.insert(0, f"in no sum, because nobody stated it: {', '.join(total.bill.unknown)}")
    return [(Run(piece, "dim"),) for text in texts for piece in wrapped(scene.glyphs.own(text), max(scene.width, 1))]
