"""Screen 4: what APIs cost, in columns; below it, apart, what self-hosted targets cost as shares of rent."""

from typing import TYPE_CHECKING

from rich.cells import cell_len

from costtui.report.schema import Cache
from costtui.report.words import count, money, percent
from costtui.tui.line import Line, Row, Run, wrapped
from costtui.tui.overview import Body
from costtui.tui.scene import Scene
from costtui.tui.table import Cell, Column, row_line, title_line

if TYPE_CHECKING:  # the first frame is painted sooner without it: 7 ms
    from costtui.report.spend import SpendLine, SpendTable, Sum

_MARKS = {
    "estimated": "~ est",
    "metered": "metered",
    "free": "free",
    "billed": "bill",
    "accrued": "accrued",
    "unknown": "?",
}


NAME_CELLS = 20


def _columns(by: str) -> tuple[Column, ...]:
    return (
        Column(f"BY {by.upper()}", NAME_CELLS),
        Column("today $", 10, right=True),
        Column("7 d $", 10, right=True, least=56),
        Column("month $", 11, right=True),
        Column("source", 8, least=66),
        Column("requests", 8, right=True, least=100),
        Column("tokens", 6, right=True, least=100),
        Column("no price", 8, right=True, least=78),
        Column("last 24 hours", 0, least=104),
    )


def spend_screen(scene: Scene, selected: str | None) -> Body:
    """The body; `g` groups by another thing."""
    table = scene.spend
    if table is None:
        return Body(
            (), (Row((Run(" spend is read from the ledger of a state directory: there is none here", "dim"),)),)
        )
    columns = _columns(table.by)
    current = selected or (_key(table.apis[0]) if table.apis else None)
    rows = [Row(_line(scene, line, columns, chosen=_key(line) == current), _key(line)) for line in table.apis]
    if not rows:
        rows = [Row((Run(" no API request is in the ledger yet", "dim"),))]
    rows.append(Row(_line(scene, table.whole, columns, chosen=False, strong=True)))
    if table.billed:
        rows.append(Row((Run(" BILLED: as providers say, whose traffic the gateway does not carry", "head"),)))
        rows += [Row(_line(scene, line, columns, chosen=_key(line) == current), _key(line)) for line in table.billed]
    if table.hosted:
        rows.append(Row((Run(" SELF-HOSTED: shares of rent and power, in no sum above", "head"),)))
        rows += [Row(_line(scene, line, columns, chosen=_key(line) == current), _key(line)) for line in table.hosted]
    return Body((title_line(columns, scene.width, scene.glyphs),), tuple(rows), tuple(_below(scene, table)))


def _key(line: "SpendLine") -> str:
    return f"{'own' if line.self_hosted else 'api'}:{line.name}"


def _line(scene: Scene, line: "SpendLine", columns: tuple[Column, ...], *, chosen: bool, strong: bool = False) -> Line:
    most = max(line.hours, default=0)
    spark = tuple(None if not nano else max(nano * 100 // most, 1) for nano in line.hours)
    unpriced = line.month.unpriced
    cells = (
        Cell(_short(line.name), "strong" if strong else "plain"),
        *(Cell(scene.glyphs.own(_amount(window, line)), "money") for window in (line.today, line.week, line.month)),
        Cell(_MARKS.get(line.provenance, "?")),
        Cell(count(line.month.requests) if line.month.requests else "-"),
        Cell(count(line.month.tokens)),
        Cell(count(unpriced) if unpriced else "-", "bad" if unpriced else "plain"),
        Cell(scene.glyphs.spark(spark, len(spark)), "good"),
    )
    return row_line(cells, columns, scene.width, scene.glyphs, selected=chosen)


def _short(name: str) -> str:
    """Without whose it is where there is no room for both: models of one maker would all look the same."""
    return name if cell_len(name) <= NAME_CELLS else name.rsplit("/", 1)[-1]


def _amount(window: "Sum", line: "SpendLine") -> str:
    more = window.unpriced > 0 and window.usd is not None
    return money(window.usd, more=more, estimated=line.provenance == "estimated" and window.usd is not None)


def _below(scene: Scene, table: "SpendTable") -> list[Line]:
    texts = _cached(table.cache)
    if table.whole.month.unpriced:
        texts.append(
            f"{count(table.whole.month.unpriced)} request(s) of this month have no known price and are in no sum:"
            " costtui prices says why"
        )
    texts.append("g groups by provider, model, route, key, token kind · metered: counted here times a price")
    lines: list[Line] = [()]
    for text in texts:
        lines += [(Run(piece, "dim"),) for piece in wrapped(scene.glyphs.own(text), max(scene.width, 1))]
    return lines


def _cached(cache: Cache) -> list[str]:
    texts = []
    if cache.hits:
        texts.append(
            f"costtui's cache today: {count(cache.hits)} of {count(cache.requests)} requests,"
            f" {percent(cache.hit_ratio)}, saved {money(cache.saved_usd)} $"
        )
    if cache.provider_cached_ratio:
        saved = money(cache.provider_saved_usd, estimated=cache.provider_saved_usd is not None)
        read = percent(cache.provider_cached_ratio)
        texts.append(f"providers' caches today: {read} of the input, saved {saved} $ net of writes")
    return texts or ["no cache has saved anything today"]
