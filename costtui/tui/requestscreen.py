"""Screen 7: attempts as they come, newest first, each with why it went where it went."""

from costtui.report.money import usd
from costtui.report.schema import Decision
from costtui.report.words import count, fine, money
from costtui.tui.figures import clock_seconds
from costtui.tui.line import Line, Row, Run, wrapped
from costtui.tui.overview import Body
from costtui.tui.scene import Scene
from costtui.tui.table import Cell, Column, row_line, title_line
from costtui.tui.traffic import cost_of, seconds_of, tokens_of, why_of

_COLUMNS = (
    Column("TIME", 8),
    Column("route", 10, least=50),
    Column("model", 18, least=110),
    Column("in>out", 10, right=True, least=56),
    Column("target", 12),
    Column("$", 10, right=True),
    Column("TTFT", 6, right=True, least=90),
    Column("took", 7, right=True, least=90),
    Column("how, and why there", 0),
)


def request_screen(scene: Scene, selected: str | None) -> Body:
    """The body; enter opens what is known of one."""
    needle = scene.choices.needle.lower()
    shown = [each for each in scene.requests if needle in _words(each)] if needle else scene.requests
    at = next((place for place, each in enumerate(shown) if str(each.id) == selected), 0)
    current = str(shown[at].id) if shown else None
    rows: list[Row] = []
    for place, each in enumerate(shown):
        key = str(each.id)
        if abs(place - at) > scene.height:  # further from the cursor than the screen is high: 300 lines take 20 ms
            rows.append(Row((), key))
            continue
        rows.append(Row(_line(scene, each, chosen=key == current), key))
        if key in scene.choices.expanded:
            rows += [Row(line) for line in _details(scene, each)]
    if not rows:
        text = " no request matches the filter" if scene.choices.needle else " no request is in the ledger yet"
        rows = [Row((Run(text, "dim"),))]
    return Body((title_line(_COLUMNS, scene.width, scene.glyphs),), tuple(rows))


def _words(each: Decision) -> str:
    told = (each.route, each.target, each.provider, each.model, each.key, each.user, each.outcome, each.reason)
    return " ".join((*told, each.operation, str(each.status), each.provenance)).lower()


def _line(scene: Scene, each: Decision, *, chosen: bool) -> Line:
    own = scene.glyphs.own
    cells = (
        Cell(clock_seconds(each.at, scene.zone)),
        Cell(each.route),
        Cell(each.model.rsplit("/", 1)[-1]),
        Cell(tokens_of(each)),
        Cell(each.target, "strong"),
        Cell(own(cost_of(each)), "money"),
        Cell(seconds_of(each.ttft_seconds)),
        Cell(seconds_of(each.seconds)),
        Cell(own(why_of(each)), "plain" if each.outcome in ("ok", "cached", "cancelled") else "bad"),
    )
    return row_line(cells, _COLUMNS, scene.width, scene.glyphs, selected=chosen)


def _considered(scene: Scene, each: Decision) -> list[str]:
    """Every target that it might have gone to, and what it would have cost there beyond what is paid anyway."""
    found = scene.decided.get(each.request)
    if found is None:
        return []
    told = [f"decided: {found.reason}"] if found.reason != each.reason else []
    for one in found.candidates:
        cost = fine(usd(one.marginal_nano))
        told.append(f"  {one.target}: marginal {cost} $ {'· ' + one.why if one.why else '· taken'}")
    return told


def _details(scene: Scene, each: Decision) -> list[Line]:
    again = "" if each.id == each.request else f", a further attempt at request {each.request}"
    priced = f"price of {each.price_model}" if each.price_model else "no price"
    own = "share of rent and power, in no API sum" if each.self_hosted else priced
    texts = [
        f"attempt {each.id}{again}: {each.operation}{', stream' if each.stream else ''}, {each.outcome} {each.status}",
        f"{each.target} ({each.provider}) {each.model} · key {each.key or '-'} · user {each.user or '-'}",
        f"tokens in {count(each.input_tokens)} (cached {count(each.cached_input_tokens)}), out"
        f" {count(each.output_tokens)} (reasoning {count(each.reasoning_tokens)}), usage {each.usage}",
        f"cost {cost_of(each)} $ {each.provenance}: {own}"
        + (f" · saved {money(each.saved_usd)} $" if each.saved_usd is not None else ""),
        f"why: {each.reason or 'not said'}",
        *_considered(scene, each),
    ]
    pieces = [piece for text in texts for piece in wrapped(scene.glyphs.own(f"  {text}"), max(scene.width, 1))]
    return [(Run(piece, "dim"),) for piece in pieces]
