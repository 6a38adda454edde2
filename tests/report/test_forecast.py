"""The month's end by scope: worked by hand at noon of Monday, 2026-11-23, with a week and a day of November to come."""

from contextlib import closing
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from costtui.analysis.forecast import Forecast
from costtui.domain.budget import ScopeKind
from costtui.domain.money import NanoUsd
from costtui.report.forecast import ALL_APIS, History, history, outlooks
from costtui.store.ledger.reader import LedgerReader
from tests.cli.ledger import LLAMA, NOVITA, OPENAI, charge, keep
from tests.report.scene import HOUR, MIDNIGHT
from tests.store.ledger.made import attempt

USD = 1_000_000_000
NOON = MIDNIGHT + 12 * HOUR
KINDS = (ScopeKind.PROVIDER, ScopeKind.MODEL, ScopeKind.ROUTE, ScopeKind.KEY, ScopeKind.TAG)
STEADY = Forecast(NanoUsd(29_500_000_000), NanoUsd(29_500_000_000), NanoUsd(29_500_000_000))
"""22 dollars so far, half a day and seven days to come at one dollar each."""


def past_of(state_dir: Path) -> History:
    """openai a dollar a day for four weeks; novita two for the last ten days; an own engine, which is no API."""
    tagged = NOVITA._replace(tag="batch")
    days = {OPENAI: (28, 1), tagged: (10, 2), LLAMA: (28, 50)}
    rows = [
        (lane, attempt(100 * number + day, 0, NOON - day * 24 * HOUR, charge=charge(0, 0, 0, 0, dollars * USD)))
        for number, (lane, (count, dollars)) in enumerate(days.items())
        for day in range(1, count + 1)
    ]
    keep(state_dir, rows, NOON)
    with closing(LedgerReader(state_dir)) as ledger:
        return history(ledger, NOON, ZoneInfo("UTC"), KINDS)


def test_all_apis_together_have_the_band_that_their_weekdays_have(tmp_path: Path) -> None:
    whole = outlooks(past_of(tmp_path), ScopeKind.PROVIDER, {})[0]
    # of four Fridays, Saturdays, Sundays two cost 3 and two 1: mean 2; of four of the others one 3 and three 1: 1.5
    # 42 + half of 1.5 + 3 x 1.5 + 3 x 2 + 1.5 = 54.75; variance (12 + 4 x 3) / 21 = 8/7; 1.28 x sqrt(8/7 x 7.5) = 3.747
    assert (whole.scope, whole.spent_nano, whole.unpriced) == (ALL_APIS, 42 * USD, 0)
    assert whole.forecast is not None
    told = [Decimal(nano).scaleb(-9).quantize(Decimal("0.001")) for nano in whole.forecast]
    assert told == [Decimal("54.750"), Decimal("51.003"), Decimal("58.497")]


@pytest.mark.parametrize(
    ("kind", "steady", "young"),
    [
        (ScopeKind.PROVIDER, "openai", "novita"),
        (ScopeKind.MODEL, "gpt-5", "llama-3.3-70b"),
        (ScopeKind.ROUTE, "code", "chat"),
        (ScopeKind.KEY, "team-a", "k-22222222"),
        (ScopeKind.TAG, "(no tag)", "batch"),
    ],
)
def test_each_scope_has_a_forecast_of_its_own_and_one_of_ten_days_has_none(
    tmp_path: Path, kind: ScopeKind, steady: str, young: str
) -> None:
    _, *found = outlooks(past_of(tmp_path), kind, {"k-11111111": "team-a"})
    assert found == [(steady, 22 * USD, 0, STEADY), (young, 20 * USD, 0, None)]
