"""The text that `status` and its `--line` print, from a picture as `costtui.report.live` loads it."""

from __future__ import annotations

from datetime import UTC, tzinfo

from costtui.domain.clean import clean
from costtui.report.words import (
    UNKNOWN,
    clock,
    count,
    duration,
    fine,
    money,
    percent,
    provider_words,
    short_money,
    size,
)

TYPE_CHECKING = False  # importing `typing` costs `status` 3 ms
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Picture = dict[str, Any]

BAR = " | "
_PLAIN = str.maketrans({"≥": ">=", "…": "...", "·": "|"})


def text(picture: Picture, *, ascii_only: bool = False, width: int = 100) -> list[str]:
    """Two header lines, then one line per GPU, engine, route, budget and warning; at most `width` columns each."""
    parts = [*_header(picture), *_gpus(picture), *_engines(picture), *_traffic(picture)]
    parts += [*_budgets(picture), *_warnings(picture)]
    return [_fit(part, width, ascii_only) for part in parts]


def line(picture: Picture, *, ascii_only: bool = False) -> str:
    """One short line for tmux and prompts; `#` is doubled, because tmux reads it as a command."""
    agent = picture["agent"]["state"]
    if agent == "none":
        return "costtui: no agent"
    burn, more = picture["burn"], _is_open(picture)
    parts = [f"{money(burn['total_usd_per_hour'], more=more)}$/h idle {money(burn['idle_usd_per_hour'])}"]
    if burn["api_usd_per_hour"] is not None:
        parts[0] += f" API {api_words(picture)}"
    parts += [_short_budget(picture, budget) for budget in _worst_budgets(picture)[:1]]
    parts += [f"gpu{gpu['index']} LOST" for gpu in picture["gpus"] if gpu["state"] == "lost"]
    if agent != "running":
        parts.append(f"agent {agent} {duration(picture['agent']['age_seconds'])}")
    return _fit(BAR.join(parts), 120, ascii_only).replace("#", "##")


def zone_of(picture: Picture) -> tzinfo:
    """The host's time zone; UTC where there is no host yet or its zone is not installed."""
    name = picture["host"]["timezone"] if picture["host"] else "UTC"
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # 3 ms, for hosts that are elsewhere

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _fit(shown: str, width: int, ascii_only: bool) -> str:
    if ascii_only:
        shown = shown.translate(_PLAIN).encode("ascii", "replace").decode()
    return clean(shown, max(width, 1)) if not ascii_only else clean(shown, 10_000)[: max(width, 1)]


def _is_partial(picture: Picture, *parts: str) -> bool:
    """Whether one of `parts` is missing; `gpu` also stands for each GPU without a rate."""
    return any(name.partition(":")[0] in parts for name in picture["unknown"])


def _is_open(picture: Picture) -> bool:
    """Whether a part is missing from the sum; that nothing meters the APIs is said by their own `?`."""
    return any(name != "api" for name in picture["unknown"])


def _header(picture: Picture) -> Iterator[str]:
    if picture["agent"]["state"] == "none":
        yield "no agent has run here yet: start one with `costtui agent start`, or try `costtui demo`"
        return
    burn, host = picture["burn"], picture["host"]
    name = f"{host['name']}{' (simulated)' if host['simulated'] else ''}"
    whole = money(burn["total_usd_per_hour"], more=_is_open(picture))
    at = clock(picture["at"], zone_of(picture))
    parts = f"GPU {gpu_words(picture)} + power {power_words(picture)} + API {api_words(picture)}"
    yield f"{name}  {whole} $/h = {parts}  {at}{_agent(picture)}"
    today, month = picture["today"], picture["month"]
    yield (
        f"idle {money(burn['idle_usd_per_hour'])} $/h{_idle_share(burn)} · lost {money(burn['lost_usd_per_hour'])} $/h"
        f" · today {money(today['total_usd'], more=_misses(today))} $ (idle {money(today['idle_usd'])})"
        f" · month {money(month['total_usd'], more=_misses(month))} $"
    )


def _misses(span: Picture) -> bool:
    """Whether rent or power is missing from a window; that the API is unmetered is said once, in the header."""
    return any(name != "api" for name in span["unknown"])


def gpu_words(picture: Picture) -> str:
    """GPU rent an hour; a list price says so."""
    listed = any(gpu["rate_source"] == "list price" for gpu in picture["gpus"])
    shown = money(picture["burn"]["gpu_usd_per_hour"], more=_is_partial(picture, "gpu"))
    return f"{shown} list" if listed else shown


def power_words(picture: Picture) -> str:
    """Power an hour."""
    known = picture["burn"]["power_usd_per_hour"]
    return money(known, more=known is not None and _is_partial(picture, "power"))


def api_words(picture: Picture) -> str:
    """APIs an hour, as they were metered in the last minutes."""
    known = picture["burn"]["api_usd_per_hour"]
    estimated = bool(picture.get("api")) and picture["api"]["provenance"] == "estimated"
    return money(known, more=known is not None and _is_partial(picture, "api"), estimated=estimated)


def _traffic(picture: Picture) -> Iterator[str]:
    """What APIs cost and where each route sends its requests; an older agent's picture says nothing of it."""
    api, gateway = picture.get("api"), picture.get("gateway")
    if not api or not gateway or (gateway["state"] == "none" and api["today_usd"] is None):
        return
    today, month = (money(api[f"{span}_usd"], more=bool(api["unknown"])) for span in ("today", "month"))
    parts = [f"API  {api_words(picture)} $/h, today {today} $, month {month} $"]
    parts += [f"{each['provider']} {money(each['today_usd'])}" for each in api["providers"][:4]]
    if api["unpriced_today"]:
        parts.append(f"{api['unpriced_today']} without a price, in no sum")
    yield f"{' · '.join(parts)}  {_gateway(gateway)}"
    for route in picture["routes"]:
        shares = " · ".join(_share(each) for each in route["shares"] if each["measured_ratio"] or each["planned_ratio"])
        ends = (
            f", until {clock(until, zone_of(picture), picture['at'])}" if (until := route["overridden_until"]) else ""
        )
        by_hand = f"  by hand: {route['overridden_by']}{ends}" if route["overridden_by"] else ""
        yield f"route {route['name']}  {route['in_force']}  {shares or 'no target'}{by_hand}"


def _share(share: Picture) -> str:
    measured = share["measured_ratio"]
    return f"{share['target']} {percent(share['planned_ratio'] if measured is None else measured)}"


def _gateway(gateway: Picture) -> str:
    if gateway["state"] == "running":
        return f"gateway {gateway['listen']}, {gateway['in_flight']} in flight"
    return "gateway silent: costtui gateway status" if gateway["state"] == "late" else "no gateway"


def _agent(picture: Picture) -> str:
    agent = picture["agent"]
    if agent["state"] == "running":
        return ""
    return f"  AGENT {agent['state'].upper()} for {duration(agent['age_seconds'])}"


def _idle_share(burn: Picture) -> str:
    idle, rent = burn["idle_usd_per_hour"], burn["gpu_usd_per_hour"]
    return f", {percent(idle / rent)} of rent" if idle is not None and rent else ""


def _gpus(picture: Picture) -> Iterator[str]:
    if not picture["gpus"]:
        return
    yield "GPU  state        cap  util   mem     W   $/h   idle $ today  serves / held by"
    for gpu in picture["gpus"]:
        word = "LOST" if gpu["state"] == "lost" else gpu["state"]
        used, watts = gpu["utilization_percent"], gpu["power_watts"]
        yield (
            f"{gpu['index']:<4} {word:<11} {percent(gpu['capacity_ratio']):>4} {_percent(used):>5}"
            f" {size(gpu['memory_used_bytes']):>5} {UNKNOWN if watts is None else f'{watts:.0f}':>5}"
            f" {money(gpu['usd_per_hour']):>5} {money(gpu['idle_usd_today']):>14}  {_held_by(picture, gpu)}"
        )


def _percent(number: int | None) -> str:
    return UNKNOWN if number is None else f"{number}%"


def _held_by(picture: Picture, gpu: Picture) -> str:
    since = ""
    if gpu["since"] is not None and gpu["state"] not in ("busy", "low"):
        since = f"since {clock(gpu['since'], zone_of(picture), picture['at'])}"
    return ", ".join(filter(None, (gpu["engine"], gpu["reason"], since)))


def _engines(picture: Picture) -> Iterator[str]:
    for engine in picture["engines"]:
        cost, api = engine["usd_per_million_tokens"], engine["cheapest_api"]
        rates = f"{count(engine['input_tokens_per_second'])} in {count(engine['output_tokens_per_second'])} out tok/s"
        own = f"{fine(cost['allocation'])} $/Mtok allocation, {fine(cost['usage'])} usage"
        against = f"; {provider_words(api['provider'])} {fine(api['usd_per_million_tokens'])}" if api else ""
        why = engine["reason"] or (cost["reason"] if cost["allocation"] is None else "")
        state = f"{engine['name']} ({engine['kind']}) {engine['state']}"
        yield "  ".join(filter(None, (state, rates, own + against, why)))


def _budgets(picture: Picture) -> Iterator[str]:
    for budget in picture["budgets"]:
        used = money(budget["used_usd"], more=bool(budget["unknown"]) and budget["used_usd"] is not None)
        ends = f", runs out {_runs_out(picture, budget)}" if budget["runs_out_at"] else ""
        limit = f"{money(budget['limit_usd'])} $ this {budget['window']}"
        yield f"budget {budget['name']}: {used} of {limit}, {percent(budget['used_ratio'])} {budget['state']}{ends}"


def _worst_budgets(picture: Picture) -> list[Picture]:
    rank = {"over": 0, "warn": 1, "ok": 2, "unknown": 3}
    return sorted(picture["budgets"], key=lambda each: (rank[each["state"]], each["runs_out_at"] is None))


def _short_budget(picture: Picture, budget: Picture) -> str:
    shown = f"{short_money(budget['used_usd'])}/{short_money(budget['limit_usd'])}"
    if budget["state"] == "over":
        return f"{shown} OVER"
    return f"{shown} OVER {_runs_out(picture, budget)}" if budget["runs_out_at"] else shown


def _runs_out(picture: Picture, budget: Picture) -> str:
    return clock(budget["runs_out_at"], zone_of(picture), picture["at"])


def _warnings(picture: Picture) -> Iterator[str]:
    for warn in picture["warnings"]:
        yield f"{'!' if warn['level'] != 'info' else '-'} {warn['text']}"
