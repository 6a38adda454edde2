"""`costtui report`: what requests cost, by what one asks for."""

import contextlib
import csv
import sys
from collections.abc import Mapping, Sequence

from costtui.cli.boundary import run_boundary
from costtui.cli.cells import csv_cell, json_line, plain_cell, usd
from costtui.cli.finance import run_finance
from costtui.cli.given import Given, nearest
from costtui.cli.key_names import key_names
from costtui.cli.picture import now_ms
from costtui.cli.since import since_ms, zone_of
from costtui.cli.spend_rows import Row, kind_rows, spend_row
from costtui.errors import UsageError
from costtui.report.money import iso
from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.rows import SpendRow

SCHEMA = "costtui.report/1"
BY = {
    "route": "route",
    "model": "model",
    "provider": "provider",
    "key": "key_id",
    "target": "target",
    "kind": "",
    "provenance": "provenance",
    "operation": "operation",
}
"""What a report can be by, and how the ledger calls it."""
SHOWN = ("requests", "failed", "input_tokens", "output_tokens", "unpriced", "usd", "provenance")
"""Beside the names; JSON and CSV have every column."""
FOR_FINANCE = ("team", "owner", "user", "job")


def run(given: Given) -> int:
    """A table, CSV, one JSON document or a page."""
    html, markdown = given.value("--html"), given.value("--markdown")
    if html is not None or markdown is not None:
        from costtui.cli.page import run_page  # with all that a page shows: 60 ms that no table needs

        return run_page(given, html, markdown)
    asked, since, route = given.value("--by"), given.value("--since"), given.value("--boundary")
    month, invoice = given.value("--month"), given.value("--invoice")
    flags = given.flags("--json", "--csv")
    given.no_more()
    if len(flags) == 2:
        raise UsageError("report: --json and --csv do not go together")
    now = now_ms()
    if month is not None:
        if since is not None or route is not None:
            raise UsageError("report: --month stands for a whole month; --since and --boundary do not go with it")
        return run_finance(given, month, asked or "team", invoice, flags, now)
    if invoice is not None:
        raise UsageError("report: --invoice is held against a month; say --month 2026-11 too")
    by = _dimensions(asked or "provider")
    if route is not None:
        if asked is not None:
            raise UsageError("report: --boundary and --by do not go together")
        return run_boundary(given, route, since, flags, now)
    from_ms = since_ms(since or "24h", now, zone_of(given, now))
    with contextlib.closing(LedgerReader(given.state_dir)) as reader:
        sums = reader.spend(from_ms, now + 1, [BY[name] for name in by if name != "kind"])
    rows = kind_rows(sums) if by == ("kind",) else [spend_row(by, row) for row in _ranked(sums)]
    if "key" in by:
        rows = _with_key_names(rows, key_names(given.state_dir))
    if "--json" in flags:
        _json(rows, sums, by, from_ms, now)
    elif "--csv" in flags:
        _csv(rows)
    else:
        _text(rows, sums, by, from_ms)
    return 0


def _dimensions(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name in FOR_FINANCE:
            raise UsageError(f"report: --by {name} is of a whole month; say --month 2026-11 too")
        if name not in BY:
            raise UsageError(f"report: no --by {name!r}{nearest(name, tuple(BY))}; known: {', '.join(BY)}")
    if "kind" in names and len(names) > 1:
        raise UsageError("report: --by kind stands alone")
    return names


def _with_key_names(rows: Sequence[Row], names: Mapping[str, str]) -> list[Row]:
    """Requests of the same user without a key have none."""
    return [{"key": row["key"], "key_name": names.get(str(row["key"]), ""), **row} for row in rows]


def _ranked(rows: Sequence[SpendRow]) -> list[SpendRow]:
    """APIs before own engines, each dearest first."""
    return sorted(rows, key=lambda row: (row.self_hosted, -(row.nano or 0), row.labels))


def _total(rows: Sequence[SpendRow], *, self_hosted: bool) -> dict[str, object]:
    """Of the known parts; null where requests were made and nothing is known."""
    mine = [row for row in rows if row.self_hosted is self_hosted]
    known = [row.nano for row in mine if row.nano is not None]
    return {
        "usd": usd(sum(known)) if known or not mine else None,
        "requests": sum(row.requests for row in mine),
        "unpriced": sum(row.unpriced for row in mine),
        "saved_usd": usd(sum(row.saved_nano for row in mine)),
    }


def _json(rows: Sequence[Row], sums: Sequence[SpendRow], by: Sequence[str], from_ms: int, now: int) -> None:
    head = {"schema": SCHEMA, "from": iso(from_ms), "to": iso(now), "by": list(by)}
    totals = {"api": _total(sums, self_hosted=False), "self_hosted": _total(sums, self_hosted=True)}
    print(json_line({**head, **totals, "rows": list(rows)}))


def _csv(rows: Sequence[Row]) -> None:
    if rows:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(rows[0])
        writer.writerows([csv_cell(value) for value in row.values()] for row in rows)


def _text(rows: Sequence[Row], sums: Sequence[SpendRow], by: Sequence[str], from_ms: int) -> None:
    if not rows:
        print(f"nothing in the ledger since {iso(from_ms)}: clients reach it through `costtui gateway`")
        return
    asked = ("key_name", *by) if "key" in by else by
    names = ("kind", "tokens", *SHOWN[-3:]) if by == ("kind",) else tuple(dict.fromkeys((*asked, *SHOWN)))
    for hosted, title in ((False, "APIs"), (True, "own engines: their share of rent and power, never to be added")):
        word = "self-hosted" if hosted else "api"
        mine = [row for row in rows if row["billed_as"] == word]
        if mine:
            total = _total(sums, self_hosted=hosted)
            print(f"{title}, since {iso(from_ms)}")
            _table(names, mine)
            print(f"  total {_sum(total)}\n")


def _sum(total: dict[str, object]) -> str:
    known, unpriced = total["usd"], total["unpriced"]
    if known is None:
        return f"? ({unpriced:,} attempts without a price)"
    return f"{known:f} USD" + (f" and {unpriced:,} attempts without a price" if unpriced else "")


def _table(names: Sequence[str], rows: Sequence[Row]) -> None:
    cells = [[name.replace("_", " ") for name in names], *([plain_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(names))]
    right = [not isinstance(rows[0][name], str) for name in names]
    for line in cells:
        padded = (
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(line, widths, right, strict=True)
        )
        print(f"  {'  '.join(padded)}".rstrip())
