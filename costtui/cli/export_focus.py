"""`costtui export focus`: FOCUS 1.2 rows for FinOps tools, written as they are read."""

import contextlib
import csv
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from costtui.analysis.focus import COLUMNS, Row
from costtui.cli.cells import csv_cell
from costtui.cli.finance import NO_LEDGER
from costtui.cli.given import Given
from costtui.cli.key_names import key_names
from costtui.cli.month import month_span
from costtui.cli.picture import now_ms
from costtui.cli.since import since_ms
from costtui.config.load import load
from costtui.config.model import Config
from costtui.domain.clean import clean
from costtui.errors import StoreError, UsageError
from costtui.report.finance_gpus import gpus_of
from costtui.report.focus import SETTLE_MS, Payer, api_rows, whole_hours
from costtui.report.focus_bills import bill_rows
from costtui.report.focus_gpus import Missing, gpu_rows
from costtui.report.metered import apis
from costtui.report.money import iso
from costtui.store.bills import BillReader
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader


def run_focus(given: Given) -> int:
    """CSV to the standard output, or into a file that is there as a whole or not at all."""
    month, since, until = given.value("--month"), given.value("--since"), given.value("--until")
    path = given.value("-o")
    given.flags()
    given.no_more()
    now = now_ms()
    config = load(given.config_path, now)
    span = _span(config, month, since, until, now)
    missing = Missing()
    unknown = _write(path, _rows(given, config, span, missing))
    with contextlib.closing(LedgerReader(given.state_dir)) as ledger:
        notes = () if ledger.readable() else (NO_LEDGER,)
    _tell(span, unknown, missing, notes)
    return 0


def _span(config: Config, month: str | None, since: str | None, until: str | None, now: int) -> tuple[int, int]:
    """From the hour of the beginning to the last hour that is over."""
    zone = config.host.timezone
    if month is not None:
        if since is not None or until is not None:
            raise UsageError("export: --month stands for a whole month; --since and --until do not go with it")
        from_ms, to_ms = month_span(month, zone)
    else:
        from_ms = since_ms(since or "month", now, zone)
        to_ms = now if until is None else since_ms(until, now, zone, "--until")
    if to_ms < from_ms:
        raise UsageError("export: --until is before --since")
    return from_ms, min(to_ms, now - SETTLE_MS)


def _rows(given: Given, config: Config, span: tuple[int, int], missing: Missing) -> Iterator[Row]:
    payer = Payer(
        clean(config.host.name or socket.gethostname()),
        config.host.timezone,
        config.finance,
        key_names(given.state_dir),
    )
    with (
        contextlib.closing(LedgerReader(given.state_dir)) as ledger,
        contextlib.closing(TelemetryReader(given.state_dir)) as telemetry,
    ):
        gpus = gpus_of(telemetry, span[1])
        for hours in whole_hours(*span, payer.zone):
            yield from api_rows(ledger, payer, hours)
            for hour in hours:
                yield from gpu_rows(telemetry, gpus, payer, hour, missing)
        metered = {row.labels[0] for row in apis(ledger.spend(*span, ("provider",)))}
        unmetered = {each.provider for each in config.billing} - metered
        yield from bill_rows(BillReader(given.state_dir), unmetered, payer, *span)


def _write(path: str | None, rows: Iterator[Row]) -> int:
    if path is None:
        return _csv(sys.stdout, rows)
    whole = Path(path).expanduser()
    part = whole.with_name(f".{whole.name}.{os.getpid()}.part")
    try:
        with open(part, "w", encoding="utf-8", newline="", opener=_private) as file:
            unknown = _csv(file, rows)
        part.replace(whole)
    except OSError as error:
        raise StoreError(f"{clean(path)}: {error.strerror}; choose another one with -o") from None
    finally:
        part.unlink(missing_ok=True)
    return unknown


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _csv(file: TextIO, rows: Iterator[Row]) -> int:
    """How many rows have no known cost."""
    writer, unknown = csv.writer(file, lineterminator="\n"), 0
    writer.writerow(COLUMNS)
    for row in rows:
        unknown += row["x_CosttuiCost"] is None
        writer.writerow([csv_cell(value) for value in row.values()])
    return unknown


def _tell(span: tuple[int, int], unknown: int, missing: Missing, more: Sequence[str]) -> None:
    """What the rows cannot say for themselves, beside them."""
    notes = [f"FOCUS 1.2, {iso(span[0])} to {iso(span[1])}, hours that are over", *more]
    if unknown:
        notes.append(f"{unknown:,} rows have no known cost: x_CosttuiProvenance says unknown, their costs must read 0")
    if missing.power_hours:
        notes.append(f"the electricity of {missing.power_hours:.0f} GPU hours is not or not wholly known")
    for note in notes:
        print(f"costtui: {note}", file=sys.stderr)
