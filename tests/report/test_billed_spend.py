"""Spend without the gateway: what providers bill enters the sums, labelled, and never twice."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from costtui.config.model import Billing, Config
from costtui.domain.amount import Provenance
from costtui.domain.bill import BilledLine, BillRow, Dimensions, UsedLine
from costtui.domain.billed import BillAnswer, FeedState
from costtui.domain.budget import Budget, Scope, ScopeKind
from costtui.domain.charge import Charge
from costtui.domain.gpu import GpuState
from costtui.domain.money import NanoUsd
from costtui.domain.price import TokenPrice
from costtui.domain.secret import SecretRef
from costtui.domain.usage import Usage
from costtui.domain.window import Window
from costtui.rates.prices import PriceBook
from costtui.report.billed_spend import BilledSpend
from costtui.report.schema import Status
from costtui.report.spend import spend_table
from costtui.store.bills import BillReader
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader
from costtui.store.writer import TelemetryWriter
from tests.cli.ledger import OPENAI, keep
from tests.report.scene import CONFIG, DAY, HOUR, MIDNIGHT, composer_of, gpu, seen
from tests.store.ledger.made import attempt

USD = 1_000_000_000
NOON = MIDNIGHT + 12 * HOUR
BILLED = Config(host=CONFIG.host, billing=(Billing("openai", SecretRef("env", "ADMIN"), (("projects", ("p",)),)),))
GPT = TokenPrice("openai", "gpt-5", Decimal("1.25"), Decimal(10), Decimal("0.125"), from_ms=0, source="catalogue")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TelemetryWriter]:
    with closing(TelemetryWriter.open(tmp_path, now_ms=MIDNIGHT)) as writer:
        yield writer


def billed(day: int, usd: str | None, model: str = "gpt-5") -> BilledLine:
    """`day` days before the present one."""
    nano = None if usd is None else NanoUsd(int(Decimal(usd) * USD))
    return BilledLine(MIDNIGHT - day * DAY, MIDNIGHT - (day - 1) * DAY, nano, Dimensions(model))


def used(day: int, output_tokens: int, model: str = "gpt-5") -> UsedLine:
    begin = MIDNIGHT - day * DAY + HOUR
    return UsedLine(begin, begin + 60_000, Usage(0, output_tokens), 1, Dimensions(model))


def told(
    store: TelemetryWriter, *rows: BillRow, kind: str = "spend", scope: str = "part", read_ms: int = NOON - 60_000
) -> None:
    feed = "costs" if kind == "spend" else "usage"
    state = FeedState("openai", feed, read_ms, kind=kind, scope=scope, every_seconds=1_800, lag_seconds=86_400)
    store.keep_bill(BillAnswer("openai", feed, rows, read_ms), state).result(5)


def sums(state_dir: Path, book: PriceBook | None = None) -> dict[str, tuple[int | None, str]]:
    """Today and this month."""
    spend = BilledSpend(BillReader(state_dir), state_dir)
    if book is not None:
        spend._book = lambda: book  # type: ignore[method-assign]  # instead of a compiled file
    found: dict[str, tuple[int | None, str]] = {}
    for provider in spend.at(NOON, ["openai"], ()):
        for name, start in (("today", MIDNIGHT), ("month", MIDNIGHT - 22 * DAY)):
            amount = provider.since(start)
            found[name] = (
                amount.nano,
                amount.provenance.value + (f" but {amount.unknown[0]}" if amount.unknown else ""),
            )
    return found


def priced() -> PriceBook:
    return PriceBook({}, {"gpt5": (GPT,)}, {}, "h", 0, "c", {}, (), "i")


def picture(state_dir: Path, config: Config = BILLED) -> Status:
    with closing(TelemetryReader(state_dir)) as reader:
        return composer_of(reader, state_dir).compose(seen(NOON, [gpu(0, GpuState.BUSY)]), config, None)


def test_days_of_the_bill_make_up_today_and_the_month(store: TelemetryWriter, tmp_path: Path) -> None:
    told(store, billed(0, "3"), billed(1, "40"), billed(2, "-5"), billed(25, "1000"))
    assert sums(tmp_path) == {"today": (3 * USD, "billed"), "month": (38 * USD, "billed")}


def test_until_it_is_billed_the_providers_own_count_stands_in_as_an_estimate(
    store: TelemetryWriter, tmp_path: Path
) -> None:
    """Today's bill says 3 $, 800,000 counted tokens at 10 $/M say 8 $; yesterday, still open, 40 $ against 1 $."""
    told(store, billed(0, "3"), billed(1, "40"), billed(2, "7"))
    told(store, used(0, 800_000), used(1, 100_000), used(2, 9_000_000), kind="usage")
    assert sums(tmp_path, priced()) == {"today": (8 * USD, "estimated"), "month": ((8 + 40 + 7) * USD, "estimated")}
    told(store, billed(0, "8.25"))
    assert sums(tmp_path, priced())["today"] == (8_250_000_000, "billed")
    assert sums(tmp_path)["today"] == (8_250_000_000, "billed")


def test_a_count_without_a_price_stands_in_for_nothing(store: TelemetryWriter, tmp_path: Path) -> None:
    told(store, billed(1, "40"))
    told(store, used(0, 800_000, "gpt-9"), kind="usage")
    assert sums(tmp_path, priced()) == {
        "today": (None, "unknown but api:openai"),
        "month": (40 * USD, "billed but api:openai"),
    }


def test_a_line_without_an_amount_makes_its_day_unknown_and_not_free(store: TelemetryWriter, tmp_path: Path) -> None:
    told(store, billed(0, None), billed(1, "40"))
    assert sums(tmp_path)["today"] == (None, "unknown but api:openai")
    assert sums(tmp_path)["month"] == (40 * USD, "billed but api:openai")


@pytest.mark.parametrize("scope", ["org", ""])
def test_an_organisation_s_whole_bill_enters_no_sum_of_this_host(
    scope: str, store: TelemetryWriter, tmp_path: Path
) -> None:
    told(store, billed(0, "3"), scope=scope)
    assert sums(tmp_path) == {}
    assert picture(tmp_path).today.api_usd is None


def test_a_bill_that_nobody_could_read_for_two_days_is_unknown(store: TelemetryWriter, tmp_path: Path) -> None:
    told(store, billed(0, "3"), read_ms=NOON - 2 * DAY)
    assert sums(tmp_path)["today"] == (None, "unknown but api:openai")


def test_without_a_gateway_the_picture_and_a_budget_take_the_bill_and_say_so(
    store: TelemetryWriter, tmp_path: Path
) -> None:
    told(store, billed(0, "3"), billed(1, "40"))
    scope = Scope(ScopeKind.PROVIDER, "openai")
    budgets = (
        Budget("all", ("api",), Window("month"), NanoUsd(100 * USD)),
        Budget("one", ("api",), Window("month"), NanoUsd(100 * USD), scope=scope),
    )
    found = picture(tmp_path, replace(BILLED, budgets=budgets))
    assert found.api is not None
    assert (found.api.today_usd, found.api.month_usd, found.api.provenance) == (Decimal(3), Decimal(43), "billed")
    assert [(each.provider, each.month_usd, each.provenance) for each in found.api.providers] == [
        ("openai", Decimal(43), "billed")
    ]
    assert found.month.api_usd == 43
    assert [budget.used_usd for budget in found.budgets] == [43, 43]


def test_what_the_gateway_meters_is_not_taken_from_the_bill_again(store: TelemetryWriter, tmp_path: Path) -> None:
    told(store, billed(0, "3"), billed(1, "40"))
    keep(tmp_path, [(OPENAI, attempt(1, 0, NOON - HOUR, charge=Charge(flat_nano=NanoUsd(2 * USD))))], NOON)
    found = picture(tmp_path)
    assert found.api is not None
    assert (found.api.today_usd, found.api.month_usd, found.api.provenance) == (
        Decimal(2),
        Decimal(2),
        Provenance.METERED.value,
    )


def test_the_spend_screen_lists_bills_apart_from_what_is_metered(store: TelemetryWriter, tmp_path: Path) -> None:
    told(store, billed(0, "3"), billed(1, "40"))
    spend = BilledSpend.open(tmp_path)
    zone = CONFIG.host.timezone
    with closing(LedgerReader(tmp_path)) as ledger:
        for by, names in (("provider", ["openai"]), ("route", [])):
            table = spend_table(ledger, by, NOON, zone, lambda metered: spend.at(NOON, ["openai"], metered))
            assert [line.name for line in table.billed] == names
        table = spend_table(ledger, "provider", NOON, zone, lambda metered: spend.at(NOON, ["openai"], metered))
    (line,) = table.billed
    assert (line.today.usd, line.month.usd, line.provenance) == (Decimal(3), Decimal(43), "billed")
    assert table.apis == ()
    assert table.whole.month.usd == 0


def test_a_provider_that_is_no_longer_configured_is_not_counted(store: TelemetryWriter, tmp_path: Path) -> None:
    told(store, billed(0, "3"))
    assert BilledSpend.open(tmp_path).at(NOON, ["novita"], ()) == ()
    assert BilledSpend.open(tmp_path).at(NOON, [], ()) == ()
