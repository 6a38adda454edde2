"""What is spent now, today and this month, for a page: the figures of `costtui status`, each with its parts."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from costtui.domain.clean import clean
from costtui.report.lines import api_words, gpu_words, power_words, zone_of
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
    burn, api = picture["burn"], picture.get("api")
    more = any(name != "api" for name in picture["unknown"])
    parts = (
        f"GPU rent accrued {gpu_words(picture)}, of it idle {money(burn['idle_usd_per_hour'])};"
        f" power {power_words(picture)}; API {api_words(picture)}"
    )
    guessed = _is_estimate(api)
    yield Figure("now, USD an hour", money(burn["total_usd_per_hour"], more=more, estimated=guessed), parts)
    for name, span, known in (("today", picture["today"], "today_usd"), ("this month", picture["month"], "month_usd")):
        lacks = any(part != "api" for part in span["unknown"])
        marks = {"more": bool(api and api["unknown"]) and span["api_usd"] is not None, "estimated": guessed}
        whole = money(span["total_usd"], more=lacks, estimated=guessed)
        yield Figure(f"{name}, USD", whole, _parts(span, money(span["api_usd"], **marks)))
        if api:
            shown = UNKNOWN if api[known] is None else money(api[known], more=bool(api["unknown"]), estimated=guessed)
            yield Figure(f"APIs {name}, USD", shown, str(api["provenance"]))


def _is_estimate(api: "Picture | None") -> bool:
    return api is not None and api["provenance"] == "estimated"


def _parts(span: Mapping[str, Decimal | None], api: str) -> str:
    return (
        f"GPU rent accrued {money(span['gpu_usd'])}, of it idle {money(span['idle_usd'])};"
        f" power {money(span['power_usd'])}; API {api}"
    )
