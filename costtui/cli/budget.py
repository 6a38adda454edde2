"""`costtui budget`: limits and where they stand, and another limit by hand, for a while or for good."""

import json
import sys
from contextlib import closing
from decimal import Decimal, InvalidOperation

from costtui.cli.acted import await_revision
from costtui.cli.actor import actor
from costtui.cli.budget_text import SCHEMA, budget_fields, effect_lines, made_fields, table
from costtui.cli.given import Given
from costtui.cli.picture import now_ms
from costtui.config.duration import duration_seconds
from costtui.config.load import load
from costtui.config.model import Config
from costtui.controls.desk import LARGEST_LIMIT, Desk
from costtui.controls.limits import limit_effect
from costtui.domain.clean import clean
from costtui.domain.control import Kind, Revision
from costtui.domain.money import NANO_PER_USD, NanoUsd, nano_from_usd
from costtui.errors import UsageError
from costtui.policy.limits import limits_in_force
from costtui.report.gateway import gateway_now
from costtui.report.money import usd
from costtui.report.standings import standings
from costtui.store.controls import ControlsStore
from costtui.store.place import prepare

ACTIONS = ("list", "set", "override", "undo")
PROPOSED = "2h"
"""How long an override holds where nobody said."""
ALWAYS = "always"


def run(given: Given) -> int:
    """Show budgets, or preview another limit, ask, set it and wait for the gateway."""
    limit, lasting, reason = given.value("--limit"), given.value("--for"), given.value("--reason") or ""
    flags = frozenset(given.flags("--json", "--yes"))
    action = given.arguments.pop(0) if given.arguments else "list"
    if action not in ACTIONS:
        given.arguments.insert(0, action)
        given.action(*ACTIONS)
    config, at_ms = load(given.config_path, now_ms()), now_ms()
    prepare(given.state_dir)
    with closing(ControlsStore.open(given.state_dir)) as store:
        if action == "list":
            return _list(given, config, store, at_ms, flags)
        desk = Desk(config, store.state().revisions, actor(given.environ), at_ms, reason)
        return _change(given, store, desk, _draft(given, desk, action, limit, lasting), flags)


def _list(given: Given, config: Config, store: ControlsStore, at_ms: int, flags: frozenset[str]) -> int:
    given.no_more()
    limits = limits_in_force(config.budgets, store.state().revisions, at_ms)
    known = {each.name: each for each in standings(given.state_dir, at_ms)}
    held = {each.name: each for each in gateway_now(given.state_dir, at_ms).budgets}
    rows = [
        budget_fields(budget, limits.by_name[budget.name], known.get(clean(budget.name)), held.get(clean(budget.name)))
        for budget in config.budgets
    ]
    if "--json" in flags:
        warnings = [clean(text, 400) for text in limits.warnings]
        print(json.dumps({"schema": SCHEMA, "budgets": rows, "warnings": warnings}, default=float))
    else:
        print(table(rows, limits.warnings, config.host.timezone))
    return 0


def _draft(given: Given, desk: Desk, action: str, limit: str | None, lasting: str | None) -> Revision:
    if not given.arguments:
        raise UsageError(f"budget {action}: needs the name of a budget")
    name = given.arguments.pop(0)
    given.no_more()
    if action == "undo":
        return desk.end_budget(name)
    if limit is None:
        raise UsageError(f"budget {action}: needs --limit USD")
    if action == "set" and lasting is not None:
        raise UsageError("budget set: holds until it is undone; `costtui budget override` is for a while")
    text = ALWAYS if action == "set" else lasting or PROPOSED
    return desk.budget(name, _nano(limit), _until(desk, text))


def _nano(text: str) -> NanoUsd:
    try:
        usd_limit = Decimal(text.removeprefix("$").replace("_", ""))
    except InvalidOperation:
        usd_limit = Decimal("NaN")
    if not usd_limit.is_finite() or abs(usd_limit) * NANO_PER_USD > LARGEST_LIMIT:
        raise UsageError(f"budget: --limit needs an amount in USD such as 250, not {clean(text)!r}")
    return nano_from_usd(usd_limit)


def _until(desk: Desk, text: str) -> int | None:
    if text == ALWAYS:
        return None
    seconds = duration_seconds(text)
    if seconds is None:
        raise UsageError(f'budget: --for needs a duration such as 2h, 15m or "{ALWAYS}", not {clean(text)!r}')
    return desk.now_ms + seconds * 1000


def _change(given: Given, store: ControlsStore, desk: Desk, draft: Revision, flags: frozenset[str]) -> int:
    asks = "--yes" not in flags
    if asks and not sys.stdin.isatty():
        raise UsageError("budget: nobody can be asked here (no terminal); --yes makes the change without asking")
    if asks or "--json" not in flags:
        print(_preview(given, desk, draft), file=sys.stderr if "--json" in flags else None)
    if asks and not _agreed():
        print("nothing was changed")
        return 1
    made = store.add_revision(draft)
    told, took_ms = await_revision(given.state_dir, made.revision_id)
    if "--json" in flags:
        print(json.dumps({"schema": SCHEMA, "made": made_fields(made), "live_ms": took_ms, "told": told}))
    else:
        back = "" if made.kind is Kind.UNDO else f"; `costtui budget undo {clean(made.budget)}` takes it back"
        print(f"revision {made.revision_id}: {told}{back}")
    return 0


def _agreed() -> bool:
    print("apply? [y/N] ", end="", flush=True, file=sys.stderr)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _preview(given: Given, desk: Desk, draft: Revision) -> str:
    budgets = desk.config.budgets
    before = limits_in_force(budgets, desk.revisions, desk.now_ms).by_name[draft.budget].nano
    after = limits_in_force(budgets, (*desk.revisions, draft), desk.now_ms).by_name[draft.budget].nano
    known = standings(given.state_dir, desk.now_ms)
    effect = limit_effect(known, clean(draft.budget), usd(before), usd(after), desk.now_ms)
    return effect_lines(effect, draft, desk.config.host.timezone)
