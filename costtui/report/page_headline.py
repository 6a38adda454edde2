"""What is spent now, today and this month, for a page: the figures of `costtui status`, each with its parts."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from costtui.domain.clean import clean
from costtui.report.lines import zone_of
from costtui.report.page import Block, Figure, Figures, Note, Section
from costtui.report.words import UNKNOWN, clock, duration, money

TYPE_CHECKING = False  # a picture is what `costtui.report.live` loads
if TYPE_CHECKING:
    from costtui.report.lines import Picture

TITLE = "Spend now"
NO_AGENT = "No agent has run here yet, so that rent and power are not known: `costtui agent start`."


def headline(picture: "Picture") -> Section:
    """Burn, day and month of the whole host, then what APIs cost of it."""
    if picture["host"] is None:
        return Section(TITLE, [Note(NO_AGENT)])
    blocks: list[Block] = [Note(_as_of(picture)), Figures(tuple(_figures(picture)))]
    lacking = [clean(name) for name in picture["unknown"]]
    blocks += [Note(f"Not known, and in no sum: {', '.join(lacking)}.")] if lacking else []
    return Section(TITLE, blocks)


def _as_of(picture: "Picture") -> str:
    agent, host = picture["agent"], picture["host"]
    simulated = ", a simulated host" if host["simulated"] else ""
    age = (
        "" if agent["state"] == "running" else f"; the agent is {agent['state']}, {duration(agent['age_seconds'])} old"
    )
    return f"{host['name']}{simulated}, as of {clock(picture['at'], zone_of(picture))}{age}."


def _figures(picture: "Picture") -> Iterator[Figure]:
    burn = picture["burn"]
    now = {name: burn[f"{name}_usd_per_hour"] for name in ("total", "gpu", "power", "api", "idle")}
    listed = any(gpu["rate_source"] == "list price" for gpu in picture["gpus"])
    more = any(name != "api" for name in picture["unknown"])
    yield Figure("now, USD an hour", money(now["total"], more=more), _parts(now, " list" if listed else ""))
    for name, span in (("today", picture["today"]), ("this month", picture["month"])):
        sums = {part: span[f"{part}_usd"] for part in ("total", "gpu", "power", "api", "idle")}
        lacks = any(part != "api" for part in span["unknown"])
        yield Figure(f"{name}, USD", money(sums["total"], more=lacks), _parts(sums, ""))
    api = picture.get("api")
    if api:
        told = str(api["provenance"])
        marks = {"more": bool(api["unknown"]), "estimated": told == "estimated"}
        for name, amount in (("APIs today, USD", api["today_usd"]), ("APIs this month, USD", api["month_usd"])):
            yield Figure(name, money(amount, **marks) if amount is not None else UNKNOWN, told)


def _parts(sums: Mapping[str, Decimal | None], listed: str) -> str:
    return (
        f"GPU rent accrued {money(sums['gpu'])}{listed}, of it idle {money(sums['idle'])};"
        f" power {money(sums['power'])}; API {money(sums['api'])}"
    )
