"""Screen 3: routes with each of their targets: what is planned, what came, how the target is."""

from costtui.domain.money import usd_from_nano
from costtui.report.decided import marginal_costs
from costtui.report.schema import Route, Share, Status, TargetState
from costtui.report.words import fine, money, percent
from costtui.tui.line import Line, Role, Row, Run, cropped, wrapped
from costtui.tui.overview import Body
from costtui.tui.scene import Scene
from costtui.tui.table import Cell, Column, row_line, title_line
from costtui.tui.traffic import drained_of, gateway_word, in_force, seconds_of

_COLUMNS = (
    Column("ROUTE / target", 20),
    Column("plan", 5, right=True),
    Column("now", 5, right=True),
    Column("asked", 6, right=True, least=56),
    Column("failed", 6, right=True, least=62),
    Column("$/Mtok", 7, right=True, least=50),
    Column("busy", 4, right=True, least=70),
    Column("next $", 8, right=True, least=90),
    Column("saved $", 9, right=True, least=100),
    Column("health", 0),
)


def route_screen(scene: Scene, status: Status, selected: str | None) -> Body:
    """The body; `s` and `p` change the selected route, `d` the selected target."""
    keyed = [(key_of(route, share), route, share) for route in status.routes for share in (None, *route.shares)]
    current = selected if any(key == selected for key, _, _ in keyed) else keyed[0][0] if keyed else None
    states = {target.name: target for target in status.gateway.targets} if status.gateway else {}
    rows = []
    for key, route, share in keyed:
        if share is None:
            rows.append(Row(_head(scene, route, chosen=key == current), key))
        else:
            rows.append(Row(_target(scene, route, share, states, chosen=key == current), key))
    if not rows:
        rows = [Row((Run(" no route is configured: [routes] in the configuration; costtui init writes some", "dim"),))]
    above = (_gateway(scene, status), title_line(_COLUMNS, scene.width, scene.glyphs))
    return Body(above, tuple(rows), tuple(_below(scene, status, current)))


def key_of(route: Route, share: Share | None) -> str:
    """`chat`, or `chat/llama` for a target of it."""
    return route.name if share is None else f"{route.name}/{share.target}"


def _gateway(scene: Scene, status: Status) -> Line:
    gateway = status.gateway
    if gateway is None:
        return (Run(" the agent that wrote this picture knows of no gateway", "dim"),)
    if gateway.state == "none":
        text = "as the ledger has it" if scene.back else "no gateway has run here: costtui gateway start"
        return (Run(f" {text}", "dim"),)
    word, role = gateway_word(scene, gateway)
    told = "; ".join(gateway.trouble) or word
    text = f" gateway {gateway.listen} · {gateway.in_flight} in flight · change {gateway.revision} in force"
    return (Run(scene.glyphs.own(text)), Run(scene.glyphs.own(f" · {told}" if told else ""), role))


def _head(scene: Scene, route: Route, *, chosen: bool) -> Line:
    by_hand = f" by {route.overridden_by}, then {route.strategy}" if route.overridden_by else ""
    why = f" ({route.override_reason})" if route.override_reason else ""
    bound = f" · never leaves {', '.join(route.boundary)}" if route.boundary is not None else ""
    pace = f" · API {money(route.api_usd_per_hour)} $/h" if route.requests else ""
    waits = f" · TTFT p50 {seconds_of(route.ttft_p50_seconds)} p95 {seconds_of(route.ttft_p95_seconds)}"
    text = f"{in_force(scene, route)}{by_hand}{why}{drained_of(route)}{pace}{waits}{bound}"
    name = cropped(route.name, 20, scene.glyphs.ellipsis)
    role: Role = "key" if route.overridden_by else "plain"
    return (
        Run(scene.glyphs.marker if chosen else " ", "strong"),
        Run(f"{name}  ", "strong"),
        Run(scene.glyphs.own(text), role),
    )


def _target(scene: Scene, route: Route, share: Share, states: dict[str, TargetState], *, chosen: bool) -> Line:
    health, role = _health(route, share, states.get(share.target))
    state = states.get(share.target)
    cells = (
        Cell(f"  {share.target}"),
        Cell("-" if share.planned_ratio is None else percent(share.planned_ratio)),
        Cell("-" if share.measured_ratio is None else percent(share.measured_ratio)),
        Cell(str(share.requests)),
        Cell(str(share.failed) if share.failed else "-", "bad" if share.failed else "plain"),
        Cell("-" if share.usd_per_million_tokens is None else fine(share.usd_per_million_tokens), "money"),
        Cell("-" if state is None else str(state.in_flight)),
        Cell(_marginal(scene, route, share), "money"),
        Cell(scene.glyphs.own(_saved(scene, route, share)), "money"),
        Cell(scene.glyphs.own(health), role),
    )
    return row_line(cells, _COLUMNS, scene.width, scene.glyphs, selected=chosen)


def _marginal(scene: Scene, route: Route, share: Share) -> str:
    """What the route's last decided request would have cost there: `0`, `0.0035`, `?`; `-` where nobody decided."""
    known = marginal_costs(scene.decided)
    if (route.name, share.target) not in known:
        return "-"
    nano = known[route.name, share.target]
    return "?" if nano is None else fine(usd_from_nano(nano)) if nano else "0"


def _saved(scene: Scene, route: Route, share: Share) -> str:
    found = scene.savings.get((route.name, share.target))
    if found is None:
        return "-"
    return money(None if found.saved_nano is None else usd_from_nano(found.saved_nano), estimated=True)


def _below(scene: Scene, status: Status, current: str | None) -> list[Line]:
    """What the selected route saved, in words; what the columns mean."""
    texts = []
    for route in status.routes:
        if current is not None and current.partition("/")[0] == route.name:
            texts += [
                _against(scene, route, share) for share in route.shares if (route.name, share.target) in scene.savings
            ]
    if texts:
        texts.append("own GPUs' rent is owed anyway and their extra power is not in it; next $: the last request there")
    lines: list[Line] = [()] if texts else []
    for text in texts:
        lines += [(Run(piece, "dim"),) for piece in wrapped(scene.glyphs.own(text), max(scene.width, 1))]
    return lines


def _against(scene: Scene, route: Route, share: Share) -> str:
    there, saved = scene.savings[route.name, share.target]
    if there is None:
        return f"{route.name} all at {share.target}: ? $ today, it has no known price"
    cost = money(usd_from_nano(there), estimated=True)
    if saved is None:
        return f"{route.name} all at {share.target}: {cost} $ today; what was spent is not wholly known"
    difference = money(usd_from_nano(abs(saved)), estimated=True)
    word = "saved" if saved >= 0 else "overspent"
    return f"{route.name} all at {share.target}: {cost} $ today; {word} {difference} $ against that"


def _room(state: TargetState) -> str:
    if state.asleep:
        return "asleep"
    if state.spilling:
        return "full: spills"
    return "takes requests" if state.room is None else f"room for {state.room}"


def _health(route: Route, share: Share, state: TargetState | None) -> tuple[str, Role]:
    kind = "self-hosted" if share.self_hosted else "API"
    if share.target in route.drained:
        return f"{kind}, drained by hand", "warn"
    if state is None:
        return kind, "plain"
    return (
        (f"{kind}, {_room(state)}", "warn" if state.spilling else "good")
        if state.open
        else (f"{kind}, left alone: {state.why}", "bad")
    )
