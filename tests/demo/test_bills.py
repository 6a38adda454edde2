"""The bills of the simulated providers: as metered, but for what the demo plants."""

import asyncio
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from costtui.demo.bills import KEY_PREFIX, NOTEBOOK_KEY, PREPAID_NANO, PROJECT
from costtui.demo.history import CLOSED_MS, write_ledger
from costtui.demo.past import ticks
from costtui.demo.server import SimulatedHost
from costtui.domain.bill import Balance, BilledLine, BillRow
from costtui.domain.billed import BillAnswer, FeedState
from costtui.domain.secret import Secret
from costtui.egress.client import Egress
from costtui.errors import SourceRefused
from costtui.providers.contract import Account, Span
from costtui.providers.registry import providers
from costtui.providers.walk import walk
from costtui.report.bills import BillsTable, bills_table
from costtui.store.bills import BillReader
from costtui.store.ledger.reader import LedgerReader
from costtui.store.writer import TelemetryWriter

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
MIDNIGHT = 1_795_392_000_000
"""2026-11-23 00:00 UTC; the simulated host begins the day before."""
NOW_MS = MIDNIGHT + 6 * HOUR_MS
FEEDS = (("openai", "costs"), ("openai", "usage"), ("novita", "bills"), ("novita", "hours"), ("novita", "balance"))


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of the demo's past."""
    folder = tmp_path_factory.mktemp("demo")
    write_ledger(folder, list(ticks(MIDNIGHT - DAY_MS, NOW_MS, 1)), NOW_MS, 1, "k-1")
    return folder


async def _asked(state_dir: Path, key: str) -> dict[tuple[str, str], tuple[BillRow, ...]]:
    host = SimulatedHost(time.time, Random(1), state_dir)
    servers = await host.listen(0)
    apis = host.description["apis"]
    assert isinstance(apis, list)
    urls = {each["name"]: each["url"].removesuffix("/v1") for each in apis}
    bases = {"openai": urls["gpt-5"], "novita": urls["novita"]}
    span, found = Span(MIDNIGHT - 10 * DAY_MS, MIDNIGHT + DAY_MS), {}
    try:
        async with Egress() as egress:
            for name, feed_name in FEEDS:
                provider = providers()[name]
                feed = next(each for each in (*provider.feeds, *provider.finer) if each.name == feed_name)
                account = Account(name, Secret(key), bases[name], {"projects": (PROJECT,)} if name == "openai" else {})
                told = await walk(provider, feed, account, span, egress)
                assert (told.missing, told.complete) == ((), True)
                found[name, feed_name] = told.rows
    finally:
        for server in servers:
            server.close()
    return found


@pytest.fixture(scope="module")
def told(state_dir: Path) -> dict[tuple[str, str], tuple[BillRow, ...]]:
    return asyncio.run(_asked(state_dir, KEY_PREFIX + "x"))


def test_openai_bills_what_was_metered_and_a_key_that_goes_past_the_gateway(
    state_dir: Path, told: dict[tuple[str, str], tuple[BillRow, ...]]
) -> None:
    with closing(LedgerReader(state_dir)) as ledger:
        rows = ledger.spend(MIDNIGHT - 10 * DAY_MS, NOW_MS, ("provider",))
    metered = {row.labels[0]: row.nano for row in rows if not row.self_hosted}
    lines = [row for row in told["openai", "costs"] if isinstance(row, BilledLine)]
    assert {line.from_ms for line in lines} == {MIDNIGHT - days * DAY_MS for days in range(5)}
    assert CLOSED_MS == 3 * DAY_MS
    assert sum(line.nano or 0 for line in lines if line.dims.key != NOTEBOOK_KEY) == metered["openai"]
    for line in lines:
        if line.dims.key == NOTEBOOK_KEY:  # at gpt-5's 10 dollars a million
            assert line.nano == (line.quantity or 0) * 10_000
            assert (line.dims.model, line.dims.token_kind) == ("gpt-5", "output")
    (balance,) = told["novita", "balance"]
    assert isinstance(balance, Balance)
    assert abs((balance.nano or 0) - (PREPAID_NANO - (metered["novita"] or 0))) <= 50_000


def test_a_reconciliation_finds_just_what_was_planted(
    state_dir: Path, told: dict[tuple[str, str], tuple[BillRow, ...]]
) -> None:
    writer = TelemetryWriter.open(state_dir, now_ms=NOW_MS)
    for (name, feed), rows in told.items():
        if feed in ("costs", "bills"):
            state = FeedState(name, feed, NOW_MS, kind="spend", scope="part", every_seconds=1_800, lag_seconds=86_400)
            writer.keep_bill(BillAnswer(name, feed, rows, NOW_MS), state).result(10)
    writer.close()
    with closing(LedgerReader(state_dir)) as ledger:
        table: BillsTable = bills_table(
            BillReader(state_dir), ledger, ("openai", "novita"), NOW_MS, ZoneInfo("UTC"), MIDNIGHT - 10 * DAY_MS
        )
    found = {bill.provider: bill for bill in table.providers}
    openai, novita = found["openai"].closed, found["novita"].closed
    assert openai is not None
    assert novita is not None
    (part,) = openai.parts
    closed = [row for row in told["openai", "costs"] if isinstance(row, BilledLine) and row.from_ms < MIDNIGHT - DAY_MS]
    assert (part.cause, part.nano) == ("outside", sum(row.nano or 0 for row in closed if row.dims.key == NOTEBOOK_KEY))
    assert not openai.alarming
    assert {part.cause for part in novita.parts} <= {"rounding"}
    assert found["openai"].metered_usd is not None
    assert found["openai"].metered_usd > Decimal(10)


def test_a_key_for_answers_reads_no_bills(state_dir: Path) -> None:
    with pytest.raises(SourceRefused):
        asyncio.run(_asked(state_dir, "simulated-x"))
