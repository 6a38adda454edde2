"""`costtui forecast`: what APIs will have cost by the end of the month, and when budgets are gone."""

import contextlib

from costtui.cli.cells import json_line
from costtui.cli.forecast_text import budget_fields, budget_table
from costtui.cli.given import Given, nearest
from costtui.cli.key_names import key_names
from costtui.cli.picture import now_ms
from costtui.config.load import load
from costtui.domain.budget import ScopeKind
from costtui.domain.clean import clean
from costtui.errors import UsageError
from costtui.report.exhaustion import budget_outlooks, kinds_of
from costtui.report.forecast import Outlook, history, outlooks
from costtui.report.money import iso, usd
from costtui.report.scoped import DIMENSION
from costtui.report.standings import fresh_picture
from costtui.report.words import money
from costtui.store.ledger.reader import LedgerReader

SCHEMA = "costtui.forecast/1"
BY = tuple(kind.value for kind in DIMENSION)


def run(given: Given) -> int:
    """A table, or one JSON document."""
    by = given.value("--by") or ScopeKind.PROVIDER.value
    if by not in BY:
        raise UsageError(f"forecast: no --by {clean(by)!r}{nearest(by, BY)}; known: {', '.join(BY)}")
    flags = given.flags("--json")
    given.no_more()
    at_ms, kind = now_ms(), ScopeKind(by)
    config = load(given.config_path, at_ms)
    zone, keys = config.host.timezone, key_names(given.state_dir)
    with contextlib.closing(LedgerReader(given.state_dir)) as ledger:
        past = history(ledger, at_ms, zone, (kind, *kinds_of(config.budgets)))
    found = outlooks(past, kind, keys if kind is ScopeKind.KEY else {})
    picture = fresh_picture(given.state_dir, at_ms)
    budgets = budget_outlooks(config.budgets, picture, past, keys, zone)
    if "--json" in flags:
        scopes, each_budget = [_fields(each) for each in found], [budget_fields(each) for each in budgets]
        print(json_line({"schema": SCHEMA, "at": iso(at_ms), "by": by, "scopes": scopes, "budgets": each_budget}))
        return 0
    print(f"{'':<32} {'so far $':>12} {'month end $':>12} {'from':>12} {'to':>12}")
    print("\n".join(_line(each) for each in found))
    if budgets:
        print("\n" + budget_table(budgets, iso(at_ms), zone))
    return 0


def _fields(each: Outlook) -> dict[str, object]:
    told = each.forecast
    return {
        "scope": each.scope,
        "spent_usd": usd(each.spent_nano),
        "unpriced_attempts": each.unpriced,
        "month_end_usd": None if told is None else usd(told.middle),
        "low_usd": None if told is None else usd(told.low),
        "high_usd": None if told is None else usd(told.high),
    }


def _line(each: Outlook) -> str:
    told = each.forecast
    ahead = (None, None, None) if told is None else (told.middle, told.low, told.high)
    amounts = [money(usd(nano), more=each.unpriced > 0 and nano is not None) for nano in (each.spent_nano, *ahead)]
    return " ".join([f"{each.scope:<32}", *(f"{amount:>12}" for amount in amounts)])
