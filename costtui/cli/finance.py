"""`costtui report --month 2026-11 --by team`: a month for whoever pays the bills."""

import contextlib
import csv
import pwd
import sys
from collections.abc import Collection, Iterator
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from costtui.cli.cells import Cell, csv_cell, json_line, plain_cell, usd
from costtui.cli.given import Given, nearest
from costtui.cli.key_names import key_names
from costtui.cli.month import month_span
from costtui.config.load import load
from costtui.domain.clean import clean
from costtui.domain.money import NanoUsd, nano_from_usd
from costtui.errors import UsageError
from costtui.report.finance import BY, FinanceLine, FinanceReport, HostBill, Names, finance_report
from costtui.report.finance_bills import billed_month
from costtui.report.money import iso
from costtui.report.words import money, percent
from costtui.store.bills import BillReader
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader

SCHEMA = "costtui.finance/1"
NOT_OVER = "the month is not over: this is what is over of it, and an invoice is of the whole month"
NO_LEDGER = "no ledger answers here: what APIs cost is not known to be 0; clients reach it through `costtui gateway`"
Row = dict[str, Cell]
TITLES = {
    "api_metered_usd": "API metered",
    "api_estimated_usd": "API estimated",
    "api_unknown_attempts": "without price",
    "api_billed_usd": "API billed",
    "self_hosted_share_usd": "own engines",
    "gpu_rent_usd": "GPU rent",
    "gpu_power_usd": "power",
}


def run_finance(given: Given, month: str, by: str, invoice: str | None, flags: Collection[str], now_ms: int) -> int:
    """A table, CSV or one JSON document. Raises UsageError for a month to come."""
    if by not in BY:
        raise UsageError(f"report: no --by {clean(by)!r}{nearest(by, BY)} with --month; known: {', '.join(BY)}")
    config = load(given.config_path, now_ms)
    from_ms, end_ms = month_span(month, config.host.timezone)
    if from_ms > now_ms:
        raise UsageError(f"--month {month} is still to come")
    paid = config.finance.invoice(month) if invoice is None else _amount(invoice)
    names = Names(key_names(given.state_dir), _owner_of(given.state_dir))
    span = from_ms, min(end_ms, now_ms + 1)
    with (
        contextlib.closing(LedgerReader(given.state_dir)) as ledger,
        contextlib.closing(TelemetryReader(given.state_dir)) as telemetry,
    ):
        bills, providers = BillReader(given.state_dir), [each.provider for each in config.billing]
        billed = billed_month(bills, ledger, providers, (from_ms, end_ms), now_ms)
        found = finance_report(ledger, telemetry, config.finance, names, by, span, paid, billed)
        said = (() if ledger.readable() else (NO_LEDGER,)) + ((NOT_OVER,) if end_ms > now_ms else ())
    found = replace(found, notes=(*found.notes, *said))
    host = clean(config.finance.gpu_host) or "the GPU host"
    if "--json" in flags:
        print(json_line(_document(found, month, config.host.timezone.key)))
    elif "--csv" in flags:
        _csv(found, month)
    else:
        over = f"{iso(from_ms)} to {iso(span[1])}" + ("" if end_ms <= now_ms else ", not over yet")
        _text(found, f"{month} ({config.host.timezone.key}), {over}", host)
    return 0


def _amount(text: str) -> NanoUsd:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < 10**9 or amount != round(amount, 9):
        raise UsageError(f"--invoice needs an amount in USD such as 5760.00, not {clean(text, 40)!r}")
    return nano_from_usd(amount)


def _owner_of(state_dir: Path) -> str:
    """The Unix user of the store, who is also who calls the gateway without a key; the number where it has no name."""
    try:
        uid = state_dir.stat().st_uid
    except OSError:
        return ""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _row(line: FinanceLine) -> Row:
    return {
        "requests": line.requests,
        "api_metered_usd": usd(line.metered_nano),
        "api_estimated_usd": usd(line.estimated.shown),
        "api_unknown_attempts": line.metered.unknown,
        "api_billed_usd": usd(line.billed.shown),
        "self_hosted_share_usd": usd(line.share.shown),
        "gpu_rent_usd": usd(line.rent.shown),
        "gpu_power_usd": usd(line.power.shown),
    }


def _bill(bill: HostBill) -> Row:
    return {
        "accrued_usd": usd(bill.accrued),
        "corrections_usd": usd(bill.corrections),
        "invoice_usd": usd(bill.invoice),
        "difference_usd": usd(bill.difference),
    }


def _document(found: FinanceReport, month: str, zone: str) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "month": month,
        "timezone": zone,
        "from": iso(found.from_ms),
        "to": iso(found.to_ms),
        "by": found.by,
        "total": _row(found.total),
        "gpu_host": _bill(found.bill),
        "rows": [{found.by: line.name, **_row(line)} for line in found.lines],
        "notes": list(found.notes),
    }


def _csv(found: FinanceReport, month: str) -> None:
    """Lines of kind `spend` sum to the one of kind `total`; what the GPU host says stands in the rent's column."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for place, row in enumerate(_csv_rows(found, month)):
        if place == 0:
            writer.writerow(row)
        writer.writerow([csv_cell(value) for value in row.values()])


def _csv_rows(found: FinanceReport, month: str) -> Iterator[Row]:
    for line in found.lines:
        yield {"line": "spend", "month": month, found.by: line.name, **_row(line)}
    total = _row(found.total)
    yield {"line": "total", "month": month, found.by: None, **total}
    bill = found.bill
    for kind, nano in (("invoice", bill.invoice), ("difference", bill.difference)):
        if nano is not None:
            yield {"line": kind, "month": month, found.by: None, **dict.fromkeys(total), "gpu_rent_usd": usd(nano)}


def _text(found: FinanceReport, title: str, host: str) -> None:
    print(f"{title}, by {found.by}")
    if found.lines:
        _table(found)
    else:
        print("  nothing: no request in the ledger and no GPU with a rate")
    print(f"GPU host: {_bill_words(found.bill, host)}")
    for note in found.notes:
        print(f"  note: {note}")


def _table(found: FinanceReport) -> None:
    rows = [(line.name, _row(line)) for line in (*found.lines, found.total)]
    cells = [[found.by, *(TITLES.get(name, name) for name in rows[0][1])]]
    cells += [[plain_cell(name), *(_shown(value) for value in row.values())] for name, row in rows]
    widths = [max(len(line[place]) for line in cells) for place in range(len(cells[0]))]
    for line in cells:
        first, *rest = (
            text.ljust(w) if not place else text.rjust(w)
            for place, (text, w) in enumerate(zip(line, widths, strict=True))
        )
        print(f"  {'  '.join([first, *rest])}".rstrip())
    print("  USD; own engines: their share of the rent and power beside it, never to be added")
    if found.total.billed.known:
        print("  API billed: by providers of whom the gateway metered nothing this month, by days of UTC")


def _shown(value: Cell) -> str:
    return money(value) if isinstance(value, Decimal) or value is None else plain_cell(value)


def _bill_words(bill: HostBill, host: str) -> str:
    accrued, difference = usd(bill.accrued), usd(bill.difference)
    if accrued is None:
        return "no rate is known, so that nothing can be held against an invoice"
    corrected = f", corrections {money(usd(bill.corrections))}" if bill.corrections else ""
    owed = f"rent by contract {money(accrued)} USD{corrected}"
    if bill.invoice is None or difference is None:
        return f"{owed}; say what {host} wrote on the bill with --invoice USD, or in [finance] of the configuration"
    side = "more than" if difference > 0 else "less than" if difference < 0 else "the same as"
    by = "" if not difference else f"{money(abs(difference))} USD "
    share = f" ({percent(abs(difference) / accrued)})" if accrued and difference else ""
    return f"{owed}; invoice of {host} {money(usd(bill.invoice))} USD: {by}{side} accrued{share}"
