"""A month by team, owner, route or user; every dollar worked by hand."""

import contextlib
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.analysis.rent import NOTHING
from costtui.domain.amount import Amount, Provenance, RateSource
from costtui.domain.finance import Finance
from costtui.domain.holder import NOBODY, UNKNOWN, Holder
from costtui.domain.money import NanoUsd
from costtui.domain.terms import PowerTerms
from costtui.report.accounts import Account
from costtui.report.finance import BY, FinanceLine, FinanceReport, Names, finance_report
from costtui.report.finance_gpus import Stretch, shares
from costtui.store.ledger.reader import LedgerReader
from costtui.store.place import TELEMETRY
from costtui.store.reader import TelemetryReader
from costtui.store.rows import Second
from costtui.store.writer import TelemetryWriter
from tests.report.billed import HOUR, OCTOBER, attempts, keep_gpus, keep_ledger, known, terms

FINANCE = Finance(
    teams=(("search", ("key:ci", "user:ada")), ("nightly", ("tag:batch",))), owners=(("g", ("key:k-ci",)),)
)
NAMES = Names({"k-ci": "ci", "k-shop": "shop"}, "ada")
RENT = 1_860_000_000_000
"""744 hours at 2.50 USD."""
OWNED = 384_000_000_000
"""16 days at 1 USD an hour."""
QUARTER_RENT = 625_000_000
Readers = tuple[LedgerReader, TelemetryReader]


@pytest.fixture
def readers(tmp_path: Path) -> Iterator[Readers]:
    keep_ledger(tmp_path, attempts(), OCTOBER[1] + HOUR)
    keep_gpus(tmp_path)
    ledger, telemetry = LedgerReader(tmp_path), TelemetryReader(tmp_path)
    yield ledger, telemetry
    ledger.close()
    telemetry.close()


def made(readers: Readers, by: str, invoice: int | None = None, span: tuple[int, int] = OCTOBER) -> FinanceReport:
    nano = None if invoice is None else NanoUsd(invoice)
    return finance_report(*readers, FINANCE, NAMES, by, span, nano)


def shown(line: FinanceLine) -> tuple[int | None, int | None, int, int | None, int | None]:
    """Metered, estimated, attempts without a price, own engines' share, rent."""
    return line.metered_nano, line.estimated.shown, line.metered.unknown, line.share.shown, line.rent.shown


def test_by_team_a_request_says_it_first_then_its_tag_then_its_key(readers: Readers) -> None:
    lines = {line.name: shown(line) for line in made(readers, "team").lines}
    assert lines == {
        "search": (1_250_000_001, 0, 0, 42, QUARTER_RENT),  # key ci, and Unix user ada on GPU 0
        "nightly": (749_999_999, 300_000_000, 0, 0, 0),  # tag batch
        "night": (5, 0, 0, 0, 0),  # x-costtui-tag: team=night, of ada herself
        "(none)": (None, 0, 1, 0, QUARTER_RENT),  # novita without a price; bob's job
        "(held by nobody)": (0, 0, 0, 0, QUARTER_RENT),
        "(owner not known)": (0, 0, 0, 0, QUARTER_RENT),
        "(GPU lost)": (0, 0, 0, 0, QUARTER_RENT),
        "(holder not recorded)": (0, 0, 0, 0, RENT - 5 * QUARTER_RENT + OWNED),
        "(corrections of rent)": (0, 0, 0, 0, 1_250_000_000),
    }


def test_by_user_a_key_is_a_user_and_a_process_has_one(readers: Readers) -> None:
    lines = {line.name: shown(line) for line in made(readers, "user").lines if not line.name.startswith("(")}
    assert lines == {
        "key:ci": (1_250_000_001, 0, 0, 42, 0),
        "key:shop": (749_999_999, 300_000_000, 1, 0, 0),
        "user:ada": (5, 0, 0, 0, QUARTER_RENT),
        "user:bob": (0, 0, 0, 0, QUARTER_RENT),
    }


def test_by_job_the_gpus_of_a_slurm_job_are_its_own(readers: Readers) -> None:
    lines = {line.name: line.rent.shown for line in made(readers, "job").lines}
    assert lines["job 4711 of bob"] == QUARTER_RENT
    assert lines["(none)"] == QUARTER_RENT  # ada runs outside of Slurm


def test_by_route_the_gpus_are_one_line(readers: Readers) -> None:
    lines = {line.name: shown(line) for line in made(readers, "route").lines}
    assert lines == {
        "code": (2_000_000_000, 300_000_000, 0, 0, 0),
        "chat": (5, 0, 1, 42, 0),
        "(GPUs)": (0, 0, 0, 0, RENT + OWNED),
        "(corrections of rent)": (0, 0, 0, 0, 1_250_000_000),
    }


@pytest.mark.parametrize("by", BY)
def test_the_lines_sum_to_the_month_to_the_nano_dollar(readers: Readers, by: str) -> None:
    found = made(readers, by)
    assert shown(found.total) == (2_000_000_005, 300_000_000, 1, 42, RENT + OWNED + 1_250_000_000)
    for place in range(5):
        assert sum(shown(line)[place] or 0 for line in found.lines) == shown(found.total)[place]
    assert sum(line.requests for line in found.lines) == found.total.requests == 6


@pytest.mark.parametrize("by", ["user", "team"])
def test_parts_of_a_month_add_up_to_it(readers: Readers, by: str) -> None:
    cut = OCTOBER[0] + 12 * HOUR + 1_800_000
    parts = [made(readers, by, span=span).total for span in ((OCTOBER[0], cut), (cut, OCTOBER[1]))]
    whole = made(readers, by).total
    for place in range(5):
        assert sum(shown(part)[place] or 0 for part in parts) == shown(whole)[place]


def test_the_invoice_is_held_against_the_rent_of_rented_gpus_with_corrections(readers: Readers) -> None:
    bill = made(readers, "team", 1_900_000_000_000).bill
    # 1,860.00 accrued and 1.25 corrected leave 38.75; the bought GPU is on no invoice
    assert (bill.accrued, bill.corrections, bill.difference) == (RENT, 1_250_000_000, 38_750_000_000)
    assert made(readers, "team").bill.difference is None


def test_a_gpu_without_a_rate_is_named_and_never_free(tmp_path: Path) -> None:
    writer = TelemetryWriter.open(tmp_path, now_ms=OCTOBER[0])
    writer.record(Second(OCTOBER[0], known=(known(3),)))
    writer.keep_terms("GPU-3", terms(""), OCTOBER[0] - HOUR).result(30)
    writer.close()
    ledger, telemetry = LedgerReader(tmp_path), TelemetryReader(tmp_path)
    found = made((ledger, telemetry), "user", 5)
    telemetry.close()
    assert (found.total.rent.shown, found.bill.accrued, found.bill.difference) == (None, None, None)
    assert any(note.startswith("GPU 3: no rate is known") for note in found.notes)


def test_without_a_ledger_and_gpus_a_month_is_empty_and_nothing_is_unknown(tmp_path: Path) -> None:
    found = made((LedgerReader(tmp_path), TelemetryReader(tmp_path)), "team")
    assert (found.lines, found.notes, shown(found.total)) == ((), (), (0, 0, 0, 0, 0))


def test_a_store_of_before_holders_were_kept_is_reported_all_the_same(tmp_path: Path) -> None:
    keep_gpus(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / TELEMETRY)) as connection:
        connection.executescript("drop table holder_15m; drop table holders")
    telemetry = TelemetryReader(tmp_path)
    found = made((LedgerReader(tmp_path), telemetry), "user")
    telemetry.close()
    assert {line.name: line.rent.shown for line in found.lines} == {
        "(holder not recorded)": RENT + OWNED - QUARTER_RENT,
        "(GPU lost)": QUARTER_RENT,
        "(corrections of rent)": 1_250_000_000,
    }


@given(
    st.dictionaries(st.sampled_from([Holder("a"), Holder("b", "1"), NOBODY, UNKNOWN]), st.integers(0, 9 * HOUR)),
    st.integers(0, 10**13),
    st.integers(1, 9 * HOUR),
)
def test_the_shares_of_a_stretch_sum_to_its_rent_whoever_held_it(held: dict[Holder, int], nano: int, ms: int) -> None:
    rent = NanoUsd(nano)
    account = Account(rent, NOTHING, Amount(rent, Provenance.ACCRUED), None)
    stretch = Stretch(known(0), 0, ms, RateSource.CONTRACT, ms, account)
    found = list(shares(stretch, held))
    assert sum(share.rent or 0 for share in found) == sum(share.power or 0 for share in found) == nano
    assert all(share.rent is not None and share.rent >= 0 for share in found)


def test_before_its_contract_begins_a_gpu_that_nobody_sees_owes_no_electricity_either(tmp_path: Path) -> None:
    writer = TelemetryWriter.open(tmp_path, now_ms=OCTOBER[0])
    paid = PowerTerms(False, Decimal("0.20"))
    writer.record(Second(OCTOBER[0], known=(known(0),)))
    writer.keep_terms("GPU-0", terms("2.50", OCTOBER[1] - HOUR, power=paid), OCTOBER[0] - HOUR).result(30)
    writer.close()
    ledger, telemetry = LedgerReader(tmp_path), TelemetryReader(tmp_path)
    before = made((ledger, telemetry), "user", span=(OCTOBER[0], OCTOBER[1] - HOUR))
    after = made((ledger, telemetry), "user", span=(OCTOBER[1] - HOUR, OCTOBER[1]))
    telemetry.close()
    assert (before.lines, before.notes) == ((), ())
    assert (after.total.rent.shown, after.total.power.shown) == (2_500_000_000, None)
    assert after.notes == ("power is unknown for part of the time",)
