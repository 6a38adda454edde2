"""Load balancers of a route, for people: what they do, what they were told, and how old that is."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from costtui.domain.clean import clean
from costtui.report.money import iso
from costtui.report.words import clock, duration, moment

STALE_SECONDS = 5.0
"""From here on what is shown is not what is: its age is said."""


def balancers_of(picture: Mapping[str, Any], route: str) -> list[dict[str, Any]]:
    """The route's, out of the picture; none where its agent knows of none."""
    return [each for each in picture.get("balancers", ()) if each["route"] == route]


def balancer_lines(now: Mapping[str, Any], zone: tzinfo, at_ms: int) -> list[str]:
    """One balancer with its servers, at `at_ms`."""
    lines = [f"HAProxy {now['name']}, backend {now['backend']}: {_state(now, zone, iso(at_ms))}"]
    read = moment(now["read_at"])
    age_seconds = None if read is None else at_ms / 1000 - read.timestamp()
    if age_seconds is not None and age_seconds >= STALE_SECONDS:
        lines.append(f"  ! as read {duration(age_seconds)} ago; the agent reads it each second while both run")
    lines += [_server(each) for each in now["servers"]]
    return [clean(line, 400) for line in lines]


def _state(now: Mapping[str, Any], zone: tzinfo, today: str) -> str:
    asked, live = _revision(now["asked_revision"]), _revision(now["live_revision"])
    words = {
        "configured": "as in its own configuration",
        "applied": f"{live} applied, read back at {clock(now['acked_at'], zone, today)}",
        "asked": f"{asked} asked, {live} live",
        "refused": f"{asked} refused",
        "changed": f"{live} applied, changed by somebody else since and left alone",
        "away": f"away since {clock(now['away_since'], zone, today)}, {asked} asked, {live} acknowledged",
        "unknown": "not read yet",
    }
    text = words.get(now["state"], now["state"])
    return f"{text}: {now['reason']}" if now["reason"] else text


def _revision(number: int | None) -> str:
    return "nothing" if number is None else f"revision {number}"


def _server(each: Mapping[str, Any]) -> str:
    if each["weight"] is None:
        return f"  {each['target']} = {each['server']}: never read"
    configured = "" if each["weight"] == each["configured_weight"] else f" (configured {each['configured_weight']})"
    words = [f"weight {each['weight']}{configured}", each["status"]]
    words += ["drained"] if each["drained"] and each["status"] != "DRAIN" else []
    words += ["in maintenance"] if each["maintenance"] and each["status"] != "MAINT" else []
    if each["sessions"] is not None and each["served"] is not None:
        words.append(f"{each['sessions']:,} running, {each['served']:,} since it started")
    return f"  {each['target']} = {each['server']}: {' · '.join(filter(None, words))}"
