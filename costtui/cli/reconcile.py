"""`costtui reconcile`: what the gateway metered beside what providers billed, and where the difference is from."""

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime

from costtui.analysis.reconcile import CAUSES, Cell, Part, Reconciliation
from costtui.cli.cells import json_line
from costtui.cli.given import Given, nearest
from costtui.cli.picture import now_ms
from costtui.cli.since import since_ms
from costtui.config.load import load
from costtui.domain.clean import clean
from costtui.errors import UsageError
from costtui.report.bill_words import SCOPES, age_words, billed_words, difference_usd, notes, verdict
from costtui.report.bills import BillsTable, ProviderBill, bills_table
from costtui.report.money import iso, usd
from costtui.report.words import money, percent
from costtui.store.bills import BillReader
from costtui.store.ledger.reader import LedgerReader

SCHEMA = "costtui.reconcile/1"
HEAD = ("provider", "read", "month billed", "metered", "closed: difference", "covered")


def run(given: Given) -> int:
    """Exit 0 where every bill agrees within a tenth, 1 where one does not or is disputed."""
    provider, since = given.value("--provider"), given.value("--since")
    flags = given.flags("--json")
    given.no_more()
    now = now_ms()
    config = load(given.config_path, now)
    zone = config.host.timezone
    begin = None if since is None else since_ms(since, now, zone)
    with contextlib.closing(LedgerReader(given.state_dir)) as ledger:
        names = [each.provider for each in config.billing]
        table = bills_table(BillReader(given.state_dir), ledger, names, now, zone, begin)
    found = _asked(table, provider)
    if "--json" in flags:
        print(json_line(_document(table, found)))
    else:
        _text(table, found, detailed=provider is not None)
    return 1 if any(bill.disputed or (bill.closed is not None and bill.closed.alarming) for bill in found) else 0


def _asked(table: BillsTable, provider: str | None) -> tuple[ProviderBill, ...]:
    if provider is None:
        return table.providers
    found = tuple(bill for bill in table.providers if bill.provider == provider)
    if not found:
        known = [bill.provider for bill in table.providers]
        raise UsageError(
            f"reconcile: {clean(provider, 40)} is neither metered nor in [billing]{nearest(provider, known)}"
        )
    return found


def _text(table: BillsTable, found: Sequence[ProviderBill], *, detailed: bool) -> None:
    if not found:
        print(
            "nothing is metered and no provider is in [billing]: name a key there, or send requests through the gateway"
        )
        return
    print(f"dollars of this month; closed days (UTC) since {iso(table.since_ms)[:10]}")
    rows = [HEAD, *(_row(bill, table.at_ms) for bill in found)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
    for number, row in enumerate(rows):
        cells = [
            text.ljust(width) if place < 2 else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
        if number:
            _below(found[number - 1], detailed=detailed)


def _row(bill: ProviderBill, at_ms: int) -> tuple[str, ...]:
    difference, closed = difference_usd(bill.closed), bill.closed
    sign = "+" if difference is not None and difference > 0 else ""
    return (
        clean(bill.provider, 20),
        age_words(bill, at_ms),
        billed_words(bill),
        money(bill.metered_usd) if bill.metered_usd is not None else "-",
        "-" if difference is None else f"{sign}{money(difference)}",
        "-" if closed is None or closed.covered_ratio is None else percent(closed.covered_ratio),
    )


def _below(bill: ProviderBill, *, detailed: bool) -> None:
    if bill.closed is not None:
        print(f"    {verdict(bill.closed)}")
    for note in notes(bill):
        print(f"    {note}")
    if detailed and bill.closed is not None:
        for cell in bill.closed.cells:
            print(f"    {_cell_line(cell)}")


def _cell_line(cell: Cell) -> str:
    place = " ".join(clean(word, 40) for word in (_day(cell), cell.place.model, cell.place.kind) if word)
    amounts = f"metered {money(usd(cell.metered_nano))} billed {money(usd(cell.billed_nano))}"
    return f"{place}: {amounts}" + ("" if cell.part is None else f": {CAUSES[cell.part.cause]} ({cell.part.evidence})")


def _day(cell: Cell) -> str:
    return datetime.fromtimestamp(cell.place.day_ms / 1000, UTC).strftime("%Y-%m-%d")


def _document(table: BillsTable, found: Sequence[ProviderBill]) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "at": iso(table.at_ms),
        "since": iso(table.since_ms),
        "providers": [_provider(bill) for bill in found],
    }


def _provider(bill: ProviderBill) -> dict[str, object]:
    return {
        "provider": clean(bill.provider),
        "age": bill.age,
        "read_at": None if bill.read_ms is None else iso(bill.read_ms),
        "scope": SCOPES.get(bill.scope, bill.scope),
        "problem": bill.problem or None,
        "month": {
            "billed_usd": None if bill.age == "stale" or bill.disputed else bill.billed_usd,
            "lines_without_amount": bill.amountless,
            "metered_usd": bill.metered_usd,
        },
        "closed": None if bill.closed is None else _closed(bill.closed),
        "balances": [{"name": each.name, "usd": usd(each.nano)} for each in bill.balances],
        "burning": [
            {"name": item.name, "state": item.state, "replicas": item.replicas, "usd_per_hour": item.usd_per_hour}
            for item in bill.burning
        ],
        "notes": notes(bill),
    }


def _closed(found: Reconciliation) -> dict[str, object]:
    return {
        "metered_usd": usd(found.metered_nano),
        "billed_usd": usd(found.billed_nano),
        "difference_usd": usd(found.billed_nano - found.metered_nano),
        "ratio": None if found.ratio is None else round(found.ratio, 6),
        "covered_ratio": None if found.covered_ratio is None else round(found.covered_ratio, 6),
        "alarm": found.alarming,
        "disputed_factor": found.disputed_factor,
        "parts": [_part(part) for part in found.parts],
        "cells": [
            {
                "day": _day(cell),
                "model": cell.place.model,
                "kind": cell.place.kind,
                "metered_usd": usd(cell.metered_nano),
                "billed_usd": usd(cell.billed_nano),
                "part": None if cell.part is None else _part(cell.part),
            }
            for cell in found.cells
        ],
    }


def _part(part: Part) -> dict[str, object]:
    return {
        "cause": part.cause,
        "words": CAUSES[part.cause],
        "usd": usd(part.nano),
        "evidence": clean(part.evidence, 300),
    }
