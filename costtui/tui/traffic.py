"""Blocks of the overview about requests: what APIs cost, where each route sends them, why the last ones went there."""

from decimal import Decimal

from costtui.report.schema import Api, Cache, Decision, Gateway, ProviderSpend, Route, Status
from costtui.report.words import UNKNOWN, count, fine, money, percent, short_money
from costtui.tui.figures import clock_seconds
from costtui.tui.line import Line, Role, Run, cropped
from costtui.tui.scene import Scene
from costtui.tui.table import Cell, Column, row_line, title_line

_ROUTES = (
    Column("ROUTE", 10),
    Column("in force", 11, least=56),
    Column("now", 0),
    Column("API $/h", 8, right=True, least=60),
    Column("API $/Mtok", 10, right=True, least=70),
    Column("TTFT p50", 8, right=True, least=100),
    Column("p95", 6, right=True, least=48),
)
_DECISIONS = (
    Column("DECIDED", 8),
    Column("route", 9, least=50),
    Column("in>out", 10, right=True, least=56),
    Column("target", 12),
    Column("$", 10, right=True),
    Column("why", 0),
)
LEAST_USD = Decimal("0.00001")


def api_line(scene: Scene, status: Status) -> Line:
    """What APIs cost by provider, what has no price, and how the gateway is."""
    api, gateway = status.api, status.gateway
    if api is None or gateway is None or (gateway.state == "none" and api.month_usd is None and not api.providers):
        text = "? no gateway has run here and no provider account is connected"
        return (Run(" API    ", "head"), Run(cropped(text, max(scene.width - 8, 0), scene.glyphs.ellipsis)))
    parts = [_pace(api), *(_provider(each, api) for each in api.providers[:4]), *_counted(api, status.cache)]
    runs = [Run(" API    ", "head"), Run(scene.glyphs.own(" · ".join(parts)))]
    if (word := gateway_word(scene, gateway))[0]:
        runs[1:1] = [Run(scene.glyphs.own(f"{word[0]} · "), word[1])]
    return tuple(runs)


def gateway_word(scene: Scene, gateway: Gateway) -> tuple[str, Role]:
    """What is wrong with the gateway; nothing while it runs well."""
    if gateway.state == "late":
        return "GATEWAY SILENT", "alarm"
    if gateway.state == "none" and not scene.back:
        return "no gateway", "warn"
    closed = [target.name for target in gateway.targets if not target.open]
    if closed:
        return f"left alone: {', '.join(closed)}", "warn"
    return ("gateway: see 3", "warn") if gateway.trouble else ("", "plain")


def _pace(api: Api) -> str:
    estimated = api.provenance == "estimated"
    known = money(api.usd_per_hour, more=bool(api.unknown) and api.usd_per_hour is not None, estimated=estimated)
    return f"{known} $/h, today {('≥' if api.unknown else '') + short_money(api.today_usd)}"


def _provider(each: ProviderSpend, api: Api) -> str:
    missing = " (no price)" if f"api:{each.provider}" in api.unknown else ""
    known = money(each.usd_per_hour, estimated=each.provenance == "estimated")
    return f"{each.provider} {UNKNOWN if missing and not each.usd_per_hour else known}{missing}"


def _counted(api: Api, cache: Cache | None) -> list[str]:
    told = [f"{count(api.unpriced_today)} unpriced"] if api.unpriced_today else []
    return told + ([f"cache saved {money(cache.saved_usd)}"] if cache is not None and cache.hits else [])


def route_block(scene: Scene, status: Status) -> list[Line]:
    """One line per route: what is in force, and what it measured in the last five minutes."""
    if not status.routes:
        return []
    return [title_line(_ROUTES, scene.width, scene.glyphs), *(_route_line(scene, route) for route in status.routes)]


def _route_line(scene: Scene, route: Route) -> Line:
    by_hand = route.overridden_by is not None
    cells = (
        Cell(route.name, "strong"),
        Cell(in_force(scene, route), "key" if by_hand else "plain"),
        Cell(scene.glyphs.own(shares_of(route) + drained_of(route))),
        Cell(money(route.api_usd_per_hour) if route.requests else "-", "money"),
        Cell(fine(route.api_usd_per_million_tokens) if route.api_usd_per_million_tokens is not None else "-", "money"),
        Cell(seconds_of(route.ttft_p50_seconds)),
        Cell(seconds_of(route.ttft_p95_seconds)),
    )
    return row_line(cells, _ROUTES, scene.width, scene.glyphs, selected=False)


def shares_of(route: Route) -> str:
    """`llama 71% · novita 29%`, measured; as planned where nothing was asked."""
    measured = [share for share in route.shares if share.measured_ratio]
    if measured:
        return " · ".join(f"{share.target} {percent(share.measured_ratio)}" for share in measured)
    planned = [share for share in route.shares if share.planned_ratio]
    if not planned:
        return "no target takes requests" if route.shares else ""
    return " · ".join(f"{share.target} {percent(share.planned_ratio)}" for share in planned) + ", no request"


def in_force(scene: Scene, route: Route) -> str:
    """The strategy, or until when something else holds by hand."""
    if route.overridden_by is None:
        return route.in_force or route.strategy
    return f"until {scene.clock(route.overridden_until)}" if route.overridden_until else "by hand"


def drained_of(route: Route) -> str:
    """Targets that take nothing new."""
    return f" (drained: {', '.join(route.drained)})" if route.drained else ""


def seconds_of(seconds: float | None) -> str:
    """`0.4 s`."""
    return "-" if seconds is None else f"{seconds:.1f} s" if seconds < 100 else f"{seconds:.0f} s"


def decision_block(scene: Scene, status: Status) -> list[Line]:
    """The newest attempts, one line each."""
    if not status.decisions:
        return []
    lines = [title_line(_DECISIONS, scene.width, scene.glyphs)]
    return [*lines, *(_decision_line(scene, each) for each in status.decisions)]


def _decision_line(scene: Scene, each: Decision) -> Line:
    cells = (
        Cell(clock_seconds(each.at, scene.zone)),
        Cell(each.route),
        Cell(tokens_of(each)),
        Cell(each.target, "strong"),
        Cell(scene.glyphs.own(cost_of(each)), "money"),
        Cell(scene.glyphs.own(why_of(each)), "plain" if each.outcome in ("ok", "cached", "cancelled") else "bad"),
    )
    return row_line(cells, _DECISIONS, scene.width, scene.glyphs, selected=False)


def tokens_of(each: Decision) -> str:
    """`1.2k>380`; counted here where the answer did not say."""
    mark = "~" if each.usage == "estimated" else ""
    return f"{mark}{count(each.input_tokens)}>{count(each.output_tokens)}"


def cost_of(each: Decision) -> str:
    """Five decimals; `?` where it is not known."""
    if each.usd is None:
        return UNKNOWN
    mark = "~" if each.provenance == "estimated" else ""
    return f"{mark}<{LEAST_USD}" if 0 < each.usd < LEAST_USD else f"{mark}{each.usd:.5f}"


def why_of(each: Decision) -> str:
    """How it ended unless well, then why it went there."""
    ended = {"ok": "", "cached": "from the cache; "}.get(
        each.outcome, f"{each.outcome} {each.status or ''}".strip() + "; "
    )
    return f"{ended}{each.reason}"
