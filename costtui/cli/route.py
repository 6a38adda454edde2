"""`costtui route`: where traffic goes, and moving it by hand."""

import json
import sys
from contextlib import closing
from dataclasses import dataclass

from costtui.cli.acted import await_revision
from costtui.cli.actor import actor
from costtui.cli.balancer_text import balancer_lines, balancers_of
from costtui.cli.given import Given
from costtui.cli.picture import now_ms, picture_of
from costtui.cli.route_text import (
    SCHEMA,
    listed,
    preview_lines,
    revision_fields,
    revision_line,
    route_fields,
    route_lines,
)
from costtui.config.duration import duration_seconds
from costtui.config.load import load
from costtui.config.model import Config
from costtui.controls.desk import Desk
from costtui.controls.preview import Measured, Preview, preview
from costtui.controls.spent import first_bytes, last_hour
from costtui.domain.clean import clean
from costtui.domain.control import Kind, Revision
from costtui.domain.price import TokenPrice
from costtui.errors import SourceError, UsageError
from costtui.policy.plan import plans
from costtui.rates.prices import PriceBook
from costtui.report.standings import standings
from costtui.store.controls import ControlsStore
from costtui.store.place import prepare

ACTIONS = ("list", "show", "shift", "pin", "drain", "undo")
PROPOSED = "2h"
"""How long a shift holds where nobody said."""
ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for, apart from the route and its targets."""

    lasting: str | None
    reason: str
    flags: frozenset[str]


def run(given: Given) -> int:
    """Show routes, or preview a change, ask, make it and wait for the gateway."""
    lasting, reason = given.value("--for"), given.value("--reason") or ""
    wish = Wish(lasting, reason, frozenset(given.flags("--json", "--yes", "--undo")))
    action = given.arguments.pop(0) if given.arguments else "list"
    if action not in ACTIONS:
        given.arguments.insert(0, action)
        given.action(*ACTIONS)
    config, at_ms = load(given.config_path, now_ms()), now_ms()
    prepare(given.state_dir)
    with closing(ControlsStore.open(given.state_dir)) as store:
        if action in ("list", "show"):
            return _show(given, config, store, at_ms, wish, whole=action == "list")
        desk = Desk(config, store.state().revisions, actor(given.environ), at_ms, wish.reason)
        return _change(given, store, desk, _draft(given, desk, action, wish), wish)


def _show(given: Given, config: Config, store: ControlsStore, at_ms: int, wish: Wish, *, whole: bool) -> int:
    revisions = store.state().revisions
    planned = plans(config, revisions, at_ms)
    name = "" if whole else _word(given, "show", "the name of a route")
    given.no_more()
    if name and name not in {route.name for route in config.routes}:
        known = ", ".join(clean(route.name) for route in config.routes)
        raise UsageError(f"route: no route {clean(name)}; known: {known or 'none'}")
    routes = [planned.plans[route.name] for route in config.routes if name in ("", route.name)]
    made = [revision for revision in revisions if name and revision.route == name]
    driven = balancers_of(picture_of(given.state_dir), name) if name else []
    if "--json" in wish.flags:
        fields = [route_fields(config, plan) for plan in routes]
        body = {"schema": SCHEMA, "routes": fields, "warnings": [clean(text, 400) for text in planned.warnings]}
        one = {"revisions": [revision_fields(each) for each in made], "balancers": driven}
        print(json.dumps(body | (one if name else {}), default=float))
    elif whole:
        print(listed(config, planned.plans, planned.warnings))
    else:
        zone = config.host.timezone
        balanced = [line for each in driven for line in balancer_lines(each, zone, at_ms)]
        lines = [revision_line(revision, zone) for revision in made[-20:]]
        print("\n".join([route_lines(config, routes[0]), *balanced, *(["changes by hand:"] if lines else []), *lines]))
    return 0


def _draft(given: Given, desk: Desk, action: str, wish: Wish) -> Revision:
    if action == "undo":
        given.no_more()
        return desk.undo()
    if action == "drain":
        target = _word(given, "drain", "the name of a target")
        given.no_more()
        return desk.end_drain(target) if "--undo" in wish.flags else desk.drain(target, _until(desk, wish, ALWAYS))
    if "--undo" in wish.flags:
        raise UsageError("route: --undo belongs to drain; `costtui route undo` takes back your last change")
    route = _word(given, action, "the name of a route")
    if action == "pin":
        target = _word(given, "pin", "the name of a target")
        given.no_more()
        return desk.pin(route, target, _until(desk, wish, ALWAYS))
    words, given.arguments = given.arguments, []
    return desk.shift(route, dict(_share(word) for word in words), _until(desk, wish, PROPOSED))


def _word(given: Given, action: str, what: str) -> str:
    if not given.arguments:
        raise UsageError(f"route {action}: needs {what}")
    return given.arguments.pop(0)


def _share(word: str) -> tuple[str, int]:
    name, equals, share = word.rpartition("=")
    if not (equals and name and share.isascii() and share.isdecimal() and len(share) <= 7):
        raise UsageError(f"route shift: {clean(word)!r} is no share; write TARGET=90")
    return name, int(share)


def _until(desk: Desk, wish: Wish, usual: str) -> int | None:
    text = wish.lasting or usual
    if text == ALWAYS:
        return None
    seconds = duration_seconds(text)
    if seconds is None:
        raise UsageError(f'route: --for needs a duration such as 2h, 15m or "{ALWAYS}", not {clean(text)!r}')
    return desk.now_ms + seconds * 1000


def _change(given: Given, store: ControlsStore, desk: Desk, draft: Revision, wish: Wish) -> int:
    shown = _preview(given, desk, draft)
    asks = "--yes" not in wish.flags
    if asks and not sys.stdin.isatty():
        raise UsageError("route: nobody can be asked here (no terminal); --yes makes the change without asking")
    if asks or "--json" not in wish.flags:
        print(preview_lines(shown, desk.config.host.timezone), file=sys.stderr if "--json" in wish.flags else None)
    if asks and not _agreed():
        print("nothing was changed")
        return 1
    made = store.add_revision(draft)
    told, took_ms = await_revision(given.state_dir, made.revision_id)
    if "--json" in wish.flags:
        print(json.dumps({"schema": SCHEMA, "made": revision_fields(made), "live_ms": took_ms, "told": told}))
    else:
        back = "" if made.kind is Kind.UNDO else "; `costtui route undo` takes it back"
        print(f"revision {made.revision_id}: {told}{back}")
    return 0


def _agreed() -> bool:
    print("apply? [y/N] ", end="", flush=True, file=sys.stderr)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _preview(given: Given, desk: Desk, draft: Revision) -> Preview:
    now_ms, state_dir = desk.now_ms, given.state_dir
    measured = Measured(first_bytes(state_dir, now_ms), standings(state_dir, now_ms))
    spent, prices = last_hour(state_dir, now_ms), _prices(given, desk.config, now_ms)
    return preview(desk.config, desk.revisions, draft, now_ms, spent, prices, measured)


def _prices(given: Given, config: Config, at_ms: int) -> dict[str, TokenPrice | None]:
    try:
        book = PriceBook.load(given.state_dir)
    except SourceError:
        book = None
    apis = [target.name for target in config.targets if target.provider is not None]
    return {name: None if book is None else book.price_of(name, at_ms) for name in apis}
