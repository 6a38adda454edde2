"""`[[routes.NAME.rules]]`: which of a route's requests go to which of its targets alone."""

import re
from collections.abc import Sequence

from costtui.config.table import Table, nearest
from costtui.domain.rule import Rule

CONDITIONS = ("key", "tag", "data_class", "tokens_over", "tokens_up_to", "hours")
TOKENS = 100_000_000
_HOURS = re.compile(r"([01]?[0-9]|2[0-3])-([01]?[0-9]|2[0-4])")


def read_rules(table: Table, ways: Sequence[str]) -> tuple[Rule, ...]:
    """All of them in order; each names targets of the route, and at least one condition."""
    return tuple(_rule(inner, ways) for inner in table.tables("rules"))


def _rule(table: Table, ways: Sequence[str]) -> Rule:
    table.require("targets")
    targets = table.names("targets") or ()
    for name in targets:
        if name not in ways:
            table.wrong("targets", f"is no target of this route: %{nearest(name, ways)}", name)
    if not any(key in table for key in CONDITIONS):
        table.wrong(None, f"says of no request that it is meant; give one of {', '.join(CONDITIONS)}")
    rule = Rule(
        targets=frozenset(targets),
        key_id=table.text("key") or "",
        tag=table.text("tag") or "",
        data_class=table.text("data_class") or "",
        tokens_over=_tokens(table, "tokens_over"),
        tokens_up_to=_tokens(table, "tokens_up_to"),
        hours=_hours(table),
    )
    if rule.tokens_over is not None and rule.tokens_up_to is not None and rule.tokens_over >= rule.tokens_up_to:
        table.wrong("tokens_up_to", "must be above `tokens_over`; no prompt is both")
    table.close()
    return rule


def _tokens(table: Table, key: str) -> int | None:
    value = table.number(key, high=TOKENS)
    return None if value is None else int(value)


def _hours(table: Table) -> tuple[int, int] | None:
    text = table.text("hours")
    if text is None:
        return None
    found = _HOURS.fullmatch(text)
    if found is None or found[1] == found[2]:
        table.wrong("hours", 'must be two hours of the day such as "22-6", not %', text)
        return None
    return int(found[1]), int(found[2])
