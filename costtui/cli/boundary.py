"""`costtui report --boundary ROUTE`: where its requests went, and whether that is inside its boundary."""

import contextlib
import csv
import sys
from collections.abc import Collection

from costtui.cli.cells import Cell, csv_cell, json_line, plain_cell
from costtui.cli.given import Given
from costtui.cli.since import since_ms
from costtui.config.load import load
from costtui.config.model import Config
from costtui.domain.clean import clean
from costtui.errors import StoreError, UsageError
from costtui.report.boundary import BY, BoundaryReport, Reached, Verdict, boundary_report
from costtui.report.money import iso
from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.rows import SpendRow

SCHEMA = "costtui.boundary/1"
SHOWN = ("target", "provider", "model", "place", "address", "attempts", "failed", "boundary")


def run_boundary(given: Given, route: str, since: str | None, flags: Collection[str], now_ms: int) -> int:
    """Exit 0 where the boundary was kept or there is none, 1 where something left it.

    Raises StoreError where there is no ledger that answers: nothing found is no evidence then.
    """
    config = load(given.config_path, now_ms)
    from_ms = since_ms(since or "24h", now_ms, config.host.timezone)
    sums = _sums(given, from_ms, now_ms + 1)
    known = {each.name for each in config.routes}
    if route not in known | {row.labels[0] for row in sums}:
        raise UsageError(f"report: no route {clean(route)}; known: {clean(', '.join(sorted(known)), 400) or 'none'}")
    found = boundary_report(config, route, sums, from_ms, now_ms, _written_ms(config))
    if "--json" in flags:
        print(json_line(_document(found)))
    elif "--csv" in flags:
        _csv(found)
    else:
        _text(found)
    return 1 if found.verdict is Verdict.BROKEN else 0


def _sums(given: Given, from_ms: int, to_ms: int) -> list[SpendRow]:
    with contextlib.closing(LedgerReader(given.state_dir)) as reader:
        if not reader.readable():
            raise StoreError(f"no ledger answers in {given.state_dir}: nothing can be said; see `costtui doctor`")
        return reader.spend(from_ms, to_ms, BY)


def _written_ms(config: Config) -> int | None:
    try:
        return None if config.path is None else config.path.stat().st_mtime_ns // 1_000_000
    except OSError:
        return None


def _row(each: Reached) -> dict[str, Cell]:
    within = {None: "none", True: "inside", False: "OUTSIDE"}[each.within]
    return {
        "target": each.target,
        "provider": each.provider,
        "model": each.model,
        "billed_as": "self-hosted" if each.self_hosted else "api",
        "place": each.place.value,
        "address": each.address,
        "attempts": each.attempts,
        "failed": each.failed,
        "boundary": within,
    }


def _document(found: BoundaryReport) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "route": found.route,
        "from": iso(found.from_ms),
        "to": iso(found.to_ms),
        "boundary": None if found.boundary is None else [clean(name) for name in found.boundary],
        "verdict": found.verdict.value,
        "sentence": found.sentence,
        "attempts": found.count(),
        "outside": found.count(within=False),
        "from_cache": found.from_cache,
        "rows": [_row(each) for each in found.reached],
        "notes": list(found.notes),
    }


def _csv(found: BoundaryReport) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    head: dict[str, Cell] = {"route": found.route, "from": iso(found.from_ms), "to": iso(found.to_ms)}
    names = ("target", "provider", "model", "billed_as", "place", "address", "attempts", "failed", "boundary")
    writer.writerow([*head, *names, "verdict"])
    for each in found.reached:
        writer.writerow(csv_cell(value) for value in (*head.values(), *_row(each).values(), found.verdict.value))


def _text(found: BoundaryReport) -> None:
    allowed = "none" if found.boundary is None else clean(", ".join(found.boundary), 400)
    print(f"{found.route}, {iso(found.from_ms)} to {iso(found.to_ms)}; boundary: {allowed}")
    lines = [list(SHOWN), *([plain_cell(_row(each)[name]) for name in SHOWN] for each in found.reached)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(SHOWN))]
    for line in lines if found.reached else ():
        cells = (
            text.rjust(width) if name in ("attempts", "failed") else text.ljust(width)
            for text, width, name in zip(line, widths, SHOWN, strict=True)
        )
        print(f"  {'  '.join(cells)}".rstrip())
    print(f"verdict: {found.verdict.value.upper()}: {found.sentence}")
    for note in found.notes:
        print(f"  note: {note}")
