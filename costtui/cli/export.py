"""`costtui export`: the ledger for other programs, hour by hour or attempt by attempt, written as it is read."""

import contextlib
import csv
import sys
from collections.abc import Iterable, Iterator

from costtui.cli.cells import csv_cell, json_line, usd
from costtui.cli.export_focus import run_focus
from costtui.cli.given import Given
from costtui.cli.picture import now_ms
from costtui.cli.since import since_ms, zone_of
from costtui.cli.spend_rows import Row, spend_row
from costtui.errors import UsageError
from costtui.report.money import iso
from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.rows import RecentAttempt

USUAL_SINCE = "31d"
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
PAGE = 2_000
LONGEST_MS = 7_200_000
"""Attempts are kept in the order of their start and asked for by their end; one may have run for so long."""
BY = ("bucket", "route", "target", "provider", "model", "operation", "key_id", "provenance")
NAMES = ("hour", "route", "target", "provider", "model", "operation", "key_id", "provenance")


def run(given: Given) -> int:
    """Write to the standard output."""
    if given.arguments[:1] == ["focus"]:
        del given.arguments[0]
        return run_focus(given)
    since = given.value("--since")
    flags = given.flags("--raw")
    kind = given.arguments[0] if given.arguments else ""
    if kind not in ("csv", "json", "prometheus"):
        raise UsageError("export: say csv, json, prometheus or focus")
    given.action("csv", "json", "prometheus")
    if kind == "prometheus":
        if since is not None or flags:
            raise UsageError("export: prometheus shows the present; --since and --raw belong to csv and json")
        return _prometheus(given)
    now = now_ms()
    from_ms = since_ms(since or USUAL_SINCE, now, zone_of(given, now))
    with contextlib.closing(LedgerReader(given.state_dir)) as reader:
        rows = _attempts(reader, from_ms, now) if flags else _hours(reader, from_ms, now)
        {"csv": _csv, "json": _json}[kind](rows)
    return 0


def _hours(reader: LedgerReader, from_ms: int, now: int) -> Iterator[Row]:
    """Whole hours from that of `from_ms` on, a day at a time, oldest first."""
    for day in range(from_ms // HOUR_MS * HOUR_MS, now + 1, DAY_MS):
        for row in reader.spend(day, min(day + DAY_MS, now + 1), BY, bucket_ms=HOUR_MS):
            labels = (iso(int(row.labels[0])), *row.labels[1:])
            yield spend_row(NAMES, row._replace(labels=labels))


def _attempts(reader: LedgerReader, from_ms: int, now: int) -> Iterator[Row]:
    """Every attempt that ended since `from_ms`, newest first, a page at a time."""
    before: int | None = None
    while page := reader.recent(PAGE, before):
        yield from (_attempt(each) for each in page if from_ms <= _ended_ms(each) <= now)
        last = page[-1].attempt
        if last.started_ms < from_ms - LONGEST_MS:
            return
        before = last.attempt_id


def _ended_ms(each: RecentAttempt) -> int:
    return each.attempt.started_ms + each.attempt.duration_ms


def _attempt(each: RecentAttempt) -> Row:
    attempt, lane = each
    usage, charge = attempt.usage, attempt.charge
    money = (None,) * 5 if charge is None else tuple(charge)
    input_nano, cached_nano, write_nano, output_nano, flat_nano = money
    return {
        "attempt_id": attempt.attempt_id,
        "request_id": attempt.request_id,
        "started": iso(attempt.started_ms),
        "duration_ms": attempt.duration_ms,
        "ttft_ms": attempt.ttft_ms,
        "outcome": attempt.outcome.value,
        "status": attempt.status,
        "stream": int(attempt.stream),
        "route": lane.route,
        "target": lane.target,
        "provider": lane.provider,
        "billed_as": "self-hosted" if lane.self_hosted else "api",
        "model": lane.model,
        "operation": lane.operation,
        "key_id": lane.key_id,
        "user_id": attempt.user_id,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens + usage.cache_write_1h_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "service_tier": usage.service_tier,
        "usage_source": attempt.usage_source.value,
        "disputed": int(attempt.disputed),
        "input_usd": usd(input_nano),
        "cached_input_usd": usd(cached_nano),
        "cache_write_usd": usd(write_nano),
        "output_usd": usd(output_nano),
        "flat_usd": usd(flat_nano),
        "usd": None if charge is None else usd(charge.nano),
        "saved_usd": usd(attempt.saved_nano),
        "provenance": attempt.provenance.value,
        "price_model": lane.price_model,
        "prices_hash": lane.prices_hash,
        "reason": attempt.reason,
    }


def _csv(rows: Iterable[Row]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for place, row in enumerate(rows):
        if place == 0:
            writer.writerow(row)
        writer.writerow([csv_cell(value) for value in row.values()])


def _json(rows: Iterable[Row]) -> None:
    for row in rows:
        sys.stdout.write(json_line(row) + "\n")


def _prometheus(given: Given) -> int:
    from prometheus_client import CollectorRegistry, generate_latest

    from costtui.exporter.collect import Facts

    with contextlib.closing(Facts(given.state_dir, now_ms)) as facts:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(facts)
        sys.stdout.write(generate_latest(registry).decode())
    return 0
