"""FOCUS 1.2 rows of an October worked by hand, held against the specification's rules."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from costtui.analysis.focus import COLUMNS, Row
from costtui.cli.cells import csv_cell
from costtui.domain.amount import Provenance, RateSource
from costtui.domain.attempt import Lane, Outcome
from costtui.domain.calendar import month_of
from costtui.domain.finance import Finance
from costtui.domain.gpu import GpuState
from costtui.domain.money import usd_from_nano
from costtui.domain.terms import PowerTerms
from costtui.report.finance_gpus import gpus_of
from costtui.report.focus import Hour, Payer, api_rows, whole_hours
from costtui.report.focus_gpus import Missing, gpu_rows
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader
from costtui.store.rows import Second
from costtui.store.writer import TelemetryWriter
from tests.report.billed import HOUR, NOON, OCTOBER, attempts, charge, keep_gpus, keep_ledger, known, terms, ticks
from tests.report.focus_rules import MANDATORY, broken, broken_columns
from tests.store.ledger.made import any_attempt, attempt, written

UTC = ZoneInfo("UTC")
DAY = (OCTOBER[0], OCTOBER[0] + 24 * HOUR)
FINANCE = Finance(gpu_host="lambda", teams=(("search", ("key:ci",)),))
PAYER = Payer("gpu-07", UTC, FINANCE, {"k-ci": "ci"})
COSTS = ("BilledCost", "ListCost", "ContractedCost", "EffectiveCost")


def exported(state_dir: Path, span: tuple[int, int] = OCTOBER, payer: Payer = PAYER) -> Iterator[Row]:
    ledger, telemetry, missing = LedgerReader(state_dir), TelemetryReader(state_dir), Missing()
    gpus = gpus_of(telemetry, span[1])
    for hours in whole_hours(*span, payer.zone):
        yield from api_rows(ledger, payer, hours)
        for hour in hours:
            yield from gpu_rows(telemetry, gpus, payer, hour, missing)
    ledger.close()
    telemetry.close()


@pytest.fixture
def rows(tmp_path: Path) -> list[Row]:
    keep_ledger(tmp_path, attempts(), OCTOBER[1] + HOUR)
    keep_gpus(tmp_path)
    return list(exported(tmp_path))


def usd(row: Row, name: str) -> Decimal:
    value = row[name]
    assert isinstance(value, Decimal)
    return value


def spelt(row: Row) -> dict[str, str]:
    """As it stands in the file."""
    return {name: csv_cell(value) for name, value in row.items()}


def of_apis(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["ServiceCategory"] == "AI and Machine Learning"]


def of_gpu(rows: list[Row], index: int) -> list[Row]:
    return [row for row in rows if row["ResourceId"] == f"GPU-{index}"]


def test_every_row_keeps_every_rule_of_focus(rows: list[Row]) -> None:
    assert len(rows) > 1_000
    for row in rows:
        assert list(broken(spelt(row))) == [], row
    assert all(tuple(row) == COLUMNS for row in rows)
    assert list(broken_columns(list(COLUMNS))) == []
    assert len(MANDATORY) == 21


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BilledCost", ""),
        ("BilledCost", "+1"),
        ("BilledCost", "1,000"),
        ("ListCost", "1E+2"),
        ("EffectiveCost", "$1"),
        ("BillingCurrency", "usd"),
        ("ChargePeriodEnd", "2026-10-01 13:00:00"),
        ("ChargePeriodEnd", "2026-11-01T01:00:00Z"),
        ("ChargeCategory", "Tokens"),
        ("ChargeClass", "Refund"),
        ("PricingQuantity", ""),
        ("PricingUnit", ""),
        ("ConsumedUnit", "tokens"),
        ("ContractedUnitPrice", "7"),
        ("ListUnitPrice", "-1.25"),
        ("ProviderName", " "),
        ("ServiceCategory", "AI"),
        ("CapacityReservationStatus", "Used"),
        ("CapacityReservationId", "GPU-0"),
        ("SubAccountName", ""),
        ("Tags", '{"a": {}}'),
    ],
)
def test_the_rules_find_what_breaks_them(rows: list[Row], name: str, value: str) -> None:
    row = spelt(of_apis(rows)[0])
    assert list(broken(row)) == []
    assert list(broken({**row, name: value})) != []


def test_an_hour_of_a_key_and_a_model_has_a_row_per_kind_of_token(rows: list[Row]) -> None:
    found = [
        (row["SkuMeter"], row["ConsumedQuantity"], row["PricingQuantity"], row["BilledCost"], row["ListUnitPrice"])
        for row in of_apis(rows)
        if row["SubAccountName"] == "ci" and row["ProviderName"] == "openai"
    ]
    assert found == [
        # 650 tokens for 1 USD are 1,538.46 USD a million
        ("Input tokens", 650, Decimal("0.00065"), Decimal(1), Decimal("1538.461538461538")),
        ("Cached input tokens", 300, Decimal("0.0003"), Decimal("1E-9"), Decimal("0.000003333333")),
        ("Cache write tokens", 50, Decimal("0.00005"), Decimal(0), Decimal(0)),
        ("Output tokens", 100, Decimal("0.0001"), Decimal("0.25"), Decimal(2500)),
    ]


def test_what_is_metered_is_billed_and_an_estimate_is_beside_it(rows: list[Row]) -> None:
    paid = [row for row in of_apis(rows) if row["ProviderName"] != "gpu-07"]
    assert sum(usd(row, "BilledCost") for row in paid) == Decimal("2.000000005")
    for name in COSTS[1:]:
        assert sum(usd(row, name) for row in paid) == Decimal("2.300000005")
    (guess,) = [row for row in paid if row["x_CosttuiEstimatedCost"]]
    assert [guess[name] for name in COSTS] == [0, Decimal("0.3"), Decimal("0.3"), Decimal("0.3")]
    assert (guess["x_CosttuiProvenance"], guess["x_CosttuiEstimatedCost"]) == ("estimated", Decimal("0.3"))


def test_what_has_no_price_is_told_with_its_tokens_and_no_unit_price(rows: list[Row]) -> None:
    found = [row for row in rows if row["x_CosttuiProvenance"] == "unknown"]
    assert {row["ProviderName"] for row in found} == {"novita"}
    assert [row["ConsumedQuantity"] for row in found] == [650, 300, 50, 100]
    for row in found:
        assert (row["x_CosttuiCost"], row["ListUnitPrice"], row["BilledCost"]) == (None, None, 0)
        assert row["x_CosttuiUnpricedAttempts"] == 1


def test_own_engines_cost_nothing_beside_the_gpus_that_they_run_on(rows: list[Row]) -> None:
    own = [row for row in of_apis(rows) if row["ProviderName"] == "gpu-07"]
    assert [(row["SkuMeter"], row["ConsumedQuantity"]) for row in own] == [
        ("Input tokens", 650),
        ("Cached input tokens", 300),
        ("Cache write tokens", 50),
        ("Output tokens", 100),
        ("Share of rent", 1),
    ]
    assert {row[name] for row in own for name in COSTS} == {Decimal(0)}
    assert [row["x_CosttuiShareCost"] for row in own] == [0, 0, 0, 0, Decimal("4.2E-8")]


def test_tags_are_what_the_request_said_and_the_team_of_its_key(rows: list[Row]) -> None:
    tags = {(row["SubAccountName"], row["Tags"]) for row in of_apis(rows)}
    assert tags == {
        ("ci", '{"team": "search"}'),
        ("k-shop", '{"batch": true}'),
        ("k-shop", "{}"),
        (None, '{"team": "night"}'),
    }


def test_a_gpu_hour_is_rows_by_what_it_did_and_idle_is_unused_capacity(rows: list[Row]) -> None:
    noon = [row for row in of_gpu(rows, 0) if row["ChargePeriodStart"] == "2026-10-01T12:00:00Z"]
    usage = [row for row in noon if row["ChargeCategory"] == "Usage"]
    assert [(row["x_CosttuiGpuState"], row["CapacityReservationStatus"], row["BilledCost"]) for row in usage] == [
        ("busy", "Used", Decimal("0.625")),
        ("empty", "Unused", Decimal("0.625")),
        ("other", "Used", Decimal("0.625")),
        ("lost", None, Decimal("0.625")),
    ]
    assert {row["ListUnitPrice"] for row in usage} == {Decimal("2.5")}
    assert {row["ProviderName"] for row in usage} == {"lambda"}


def test_a_month_of_gpu_rows_is_its_rent_and_unused_is_its_idle_burn(rows: list[Row]) -> None:
    rent = [row for row in of_gpu(rows, 0) if row["ChargeCategory"] == "Usage"]
    assert sum(usd(row, "BilledCost") for row in rent) == 1_860  # 744 hours at 2.50
    assert sum(usd(row, "BilledCost") for row in rent if row["CapacityReservationStatus"] == "Unused") == Decimal(
        "0.625"
    )
    assert sum(Decimal(str(row["PricingQuantity"])) for row in rent) == 744


def test_a_bought_gpu_is_on_no_invoice_and_costs_its_amortisation(rows: list[Row]) -> None:
    own = of_gpu(rows, 1)
    assert {row["BilledCost"] for row in own} == {Decimal(0)}
    assert sum(usd(row, "EffectiveCost") for row in own) == 384  # 16 days at 1 USD an hour
    assert min(str(row["ChargePeriodStart"]) for row in own) == "2026-10-16T00:00:00Z"
    assert {row["ProviderName"] for row in own} == {"gpu-07"}


def test_a_correction_is_an_adjustment_of_the_hour_in_which_it_was_made(rows: list[Row]) -> None:
    (row,) = [row for row in rows if row["ChargeCategory"] == "Adjustment"]
    assert [row[name] for name in COSTS] == [Decimal("1.25")] * 4
    assert (row["ChargePeriodStart"], row["ChargeClass"]) == ("2026-10-01T12:00:00Z", "Correction")


def test_electricity_beside_the_rent_is_a_row_and_unknown_rent_has_no_unit_price(tmp_path: Path) -> None:
    writer = TelemetryWriter.open(tmp_path, now_ms=OCTOBER[0])
    paid = PowerTerms(False, Decimal("0.20"), Decimal("1.5"))
    writer.keep_terms("GPU-0", terms("2.50", source=RateSource.LIST, power=paid), OCTOBER[0] - HOUR)
    writer.keep_terms("GPU-3", terms("", source=RateSource.UNKNOWN), OCTOBER[0] - HOUR)
    seen = ticks("GPU-0", *[GpuState.IDLE_LOADED] * 4)
    writer.record(Second(seen[-1].at_ms, seen, known=(known(0), known(3)))).result(30)
    writer.close()
    found = list(exported(tmp_path, (NOON, NOON + HOUR)))
    assert [list(broken(spelt(row))) for row in found] == [[], [], []]
    listed, power, unknown = sorted(
        found, key=lambda row: (row["ResourceId"] != "GPU-0", row["SkuMeter"] == "Electricity")
    )
    # at list price nothing is owed to anybody by contract: 2.50 USD estimated
    assert [listed[name] for name in COSTS] == [0, Decimal("2.5"), Decimal("2.5"), Decimal("2.5")]
    assert (listed["x_CosttuiProvenance"], listed["CapacityReservationStatus"]) == ("estimated", "Unused")
    # 4 x 360,000 J are 0.4 kWh, at 0.20 USD and 1.5 at the socket 0.12 USD
    assert (power["ConsumedQuantity"], power["EffectiveCost"], power["BilledCost"]) == (
        Decimal("0.4"),
        Decimal("0.12"),
        0,
    )
    assert (unknown["x_CosttuiGpuState"], unknown["ListUnitPrice"], unknown["x_CosttuiCost"]) == (
        "unobserved",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("UTC", 744), ("Europe/Berlin", 745), ("Asia/Kolkata", 744), ("Australia/Lord_Howe", 744)],
)
def test_the_hours_of_a_month_cover_it_where_clocks_change_too(zone: str, hours: int) -> None:
    span = month_of(NOON, ZoneInfo(zone))
    found = [hour for day in whole_hours(*span, ZoneInfo(zone)) for hour in day]
    assert (found[0].from_ms, found[-1].to_ms, len(found)) == (*span, hours)
    assert all(one.to_ms == other.from_ms for one, other in pairwise(found))


def test_only_hours_that_are_over_are_told_from_the_one_that_holds_the_beginning() -> None:
    found = [hour for day in whole_hours(NOON + 1, NOON + 3 * HOUR - 1, UTC) for hour in day]
    assert found == [Hour(NOON, NOON + HOUR), Hour(NOON + HOUR, NOON + 2 * HOUR)]
    assert [day for day in whole_hours(NOON, NOON + 5, UTC) if day] == []


def test_parts_of_a_day_are_the_day(tmp_path: Path, rows: list[Row]) -> None:
    cut = NOON + HOUR
    parts = [*exported(tmp_path, (DAY[0], cut)), *exported(tmp_path, (cut, DAY[1]))]
    whole = list(exported(tmp_path, DAY))
    assert sorted(map(str, parts)) == sorted(map(str, whole))
    assert whole == [row for row in rows if str(row["ChargePeriodStart"]) < "2026-10-02"]


def test_an_hour_in_which_a_contract_begins_keeps_the_rules_and_its_rent(tmp_path: Path) -> None:
    writer = TelemetryWriter.open(tmp_path, now_ms=OCTOBER[0])
    writer.keep_terms("GPU-0", terms("1.80", source=RateSource.LIST), OCTOBER[0])
    writer.keep_terms("GPU-0", terms("3.60"), NOON + 300)
    seen = ticks("GPU-0", *[GpuState.BUSY] * 4)
    writer.record(Second(seen[-1].at_ms, seen, known=(known(0),))).result(30)
    writer.close()
    found = list(exported(tmp_path, (NOON - HOUR, NOON + HOUR)))
    assert [problem for row in found for problem in broken(spelt(row))] == []
    # a list price goes as soon as the contract is known: 3.60 USD an hour for both hours
    assert sum(usd(row, "BilledCost") for row in found) == Decimal("7.2")


def test_an_answer_from_the_prompt_cache_is_no_charge(tmp_path: Path) -> None:
    cache = Lane("chat", "cache", "costtui", True, "", "chat", "k-ci", "", "")
    hit = attempt(1, 0, NOON, outcome=Outcome.CACHED, charge=charge(0, 0, 0, 0, 0), provenance=Provenance.METERED)
    keep_ledger(tmp_path, [(cache, hit)], OCTOBER[1])
    assert list(exported(tmp_path)) == []


def test_any_ledger_is_valid_focus_and_sums_to_what_the_ledger_says(tmp_path: Path) -> None:
    dice = Random(7)
    made = [any_attempt(number, dice.randrange(5), NOON + dice.randrange(5 * HOUR), dice) for number in range(1, 400)]
    written(tmp_path, made, NOON + 24 * HOUR)
    span = NOON, NOON + 6 * HOUR
    found = list(exported(tmp_path, span))
    assert [problem for row in found for problem in broken(spelt(row))] == []
    reader = LedgerReader(tmp_path)
    paid = [row for row in reader.spend(*span, ("provenance",)) if not row.self_hosted]
    reader.close()
    metered = sum(row.nano or 0 for row in paid if row.labels[0] == Provenance.METERED)
    estimated = sum(row.nano or 0 for row in paid if row.labels[0] == Provenance.ESTIMATED)
    assert metered > 0
    assert sum(usd(row, "BilledCost") for row in found) == usd_from_nano(metered)
    assert sum(usd(row, "EffectiveCost") for row in found) == usd_from_nano(metered + estimated)
    assert sum(Decimal(str(row["x_CosttuiEstimatedCost"] or 0)) for row in found) == usd_from_nano(estimated)
