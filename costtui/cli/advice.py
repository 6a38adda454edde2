"""`costtui advice`: what to do about it, in dollars a month, each with its arithmetic."""

import contextlib

from costtui.analysis.advice import Advice
from costtui.cli.cells import json_line
from costtui.cli.followed import tell_followed
from costtui.cli.given import Given
from costtui.cli.picture import now_ms
from costtui.cli.since import since_ms
from costtui.config.load import load
from costtui.errors import SourceError
from costtui.rates.prices import PriceBook
from costtui.report.advice import advice
from costtui.report.advised import figures_of
from costtui.report.followed import command_of
from costtui.report.money import iso, usd
from costtui.report.words import money
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader

SCHEMA = "costtui.advice/1"


def run(given: Given) -> int:
    """A list, or one JSON document."""
    since = given.value("--since")
    flags = given.flags("--json", "--followed")
    given.no_more()
    at_ms = now_ms()
    config = load(given.config_path, at_ms)
    if "--followed" in flags:
        return tell_followed(given.state_dir, at_ms, config.host.timezone, as_json="--json" in flags)
    from_ms = since_ms(since or "7d", at_ms, config.host.timezone)
    book = None
    with contextlib.suppress(SourceError):
        book = PriceBook.load(given.state_dir)
    with (
        contextlib.closing(TelemetryReader(given.state_dir)) as reader,
        contextlib.closing(LedgerReader(given.state_dir)) as ledger,
    ):
        found = advice(figures_of(given.state_dir, reader, ledger, config, book, from_ms, at_ms))
    if "--json" in flags:
        rows = [_fields(each) for each in found]
        print(json_line({"schema": SCHEMA, "from": iso(from_ms), "to": iso(at_ms), "advice": rows}))
        return 0
    for number, each in enumerate(found, 1):
        print(_lines(number, each))
    if not found:
        print("nothing that the figures of this span support; they may be too few yet: --since month")
    return 0


def _lines(number: int, each: Advice) -> str:
    amount = "? $" if each.month_nano is None else f"{money(usd(each.month_nano))} $ a month"
    lines = [
        f"{number}. {amount}, confidence {each.confidence}: {each.subject}: {each.action}",
        f"   {each.arithmetic}",
    ]
    command = command_of(each)
    return "\n".join([*lines, f"   {command}"] if command else lines)


def _fields(each: Advice) -> dict[str, object]:
    return {
        "kind": each.kind,
        "subject": each.subject,
        "usd_per_month": usd(each.month_nano),
        "confidence": each.confidence,
        "action": each.action,
        "arithmetic": each.arithmetic,
        "command": command_of(each) or None,
    }
