"""What a route saved against each of its APIs: worked by hand."""

from contextlib import closing
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from costtui.config.model import Config, Host, Route, Target
from costtui.domain.amount import Provenance
from costtui.domain.charge import Charge
from costtui.domain.money import NanoUsd
from costtui.domain.price import PriceTier, TokenPrice
from costtui.domain.usage import Usage
from costtui.report.decided import Considered, Decided, marginal_costs
from costtui.report.savings import Saving, savings
from costtui.store.ledger.reader import LedgerReader
from tests.cli.ledger import LLAMA, NOVITA, keep
from tests.report.scene import HOUR, MIDNIGHT
from tests.store.ledger.made import attempt

USD = 1_000_000_000
NOON = MIDNIGHT + 12 * HOUR
CHAT = Config(
    host=Host("gpu-07", ZoneInfo("UTC")),
    targets=(
        Target("llama", "vllm", "http://127.0.0.1:8000/v1", "llama-3.3-70b"),
        Target("novita", provider="novita", model="llama-3.3-70b"),
        Target("gpt5", provider="openai", model="gpt-5"),
    ),
    routes=(Route("chat", "idle-first", ("llama", "novita", "gpt5")), Route("quiet", "cheapest", ("gpt5",))),
)
MILLION = Usage(1_000_000, 100_000, 400_000)
"""600,000 fresh and 400,000 cached input, 100,000 output."""
PRICES = {
    "novita": TokenPrice("novita", "llama", Decimal("0.20"), Decimal("0.50"), Decimal("0.10")),
    "gpt5": TokenPrice(
        *("openai", "gpt-5", Decimal("1.25"), Decimal(10), Decimal("0.125")),
        tiers=(PriceTier(200_000, input=Decimal("2.50"), output=Decimal(20)),),
        usd_per_request=Decimal("0.01"),
    ),
}


def found(
    state_dir: Path, config: Config = CHAT, prices: dict[str, TokenPrice] | None = None
) -> dict[tuple[str, str], Saving]:
    known = PRICES if prices is None else prices
    with closing(LedgerReader(state_dir)) as ledger:
        return dict(savings(ledger, config, known.get, NOON, ZoneInfo("UTC")))


def carry(state_dir: Path, *, priced: bool = True) -> None:
    """A million tokens by the own engine, as many at novita, and yesterday's, which do not count."""
    own = attempt(
        1, 0, NOON - HOUR, usage=MILLION, charge=Charge(flat_nano=NanoUsd(7 * USD)), provenance=Provenance.ACCRUED
    )
    charge = Charge(flat_nano=NanoUsd(210_000_000)) if priced else None
    api = attempt(
        2, 0, NOON - HOUR, usage=MILLION, charge=charge, provenance=Provenance.METERED if priced else Provenance.UNKNOWN
    )
    old = attempt(3, 0, MIDNIGHT - HOUR, usage=MILLION, charge=Charge(flat_nano=NanoUsd(USD)))
    keep(state_dir, [(LLAMA, own), (NOVITA, api), (NOVITA, old)], NOON)


def test_all_of_the_routes_traffic_is_priced_at_each_api_and_compared_with_what_the_apis_did_cost(
    tmp_path: Path,
) -> None:
    carry(tmp_path)
    # novita: 2 x (0.6 x 0.20 + 0.4 x 0.10 + 0.1 x 0.50) = 0.42; spent 0.21
    # gpt5: 2 x (0.6 x 1.25 + 0.4 x 0.125 + 0.1 x 10) = 3.60, and 2 requests at 0.01; not its tier, which sums never are
    assert found(tmp_path) == {
        ("chat", "novita"): Saving(NanoUsd(420_000_000), NanoUsd(210_000_000)),
        ("chat", "gpt5"): Saving(NanoUsd(3_620_000_000), NanoUsd(3_410_000_000)),
    }


def test_without_a_price_there_is_no_comparison(tmp_path: Path) -> None:
    carry(tmp_path)
    assert found(tmp_path, prices={"gpt5": PRICES["gpt5"]})["chat", "novita"] == Saving(None, None)


def test_where_spending_is_not_wholly_known_nothing_is_called_saved(tmp_path: Path) -> None:
    carry(tmp_path, priced=False)
    assert found(tmp_path)["chat", "novita"] == Saving(NanoUsd(420_000_000), None)


def test_a_route_that_carried_nothing_has_no_figures(tmp_path: Path) -> None:
    assert found(tmp_path) == {}


@pytest.mark.parametrize(("first", "second", "last"), [(5, None, None), (None, 5, 5)])
def test_the_marginal_cost_is_that_of_the_last_decision(
    first: int | None, second: int | None, last: int | None
) -> None:
    told = {
        number: Decided("", (Considered("llama", 0, ""), Considered("novita", nano, "")), "chat")
        for number, nano in ((1, first), (2, second))
    }
    assert marginal_costs(told) == {("chat", "llama"): 0, ("chat", "novita"): last}
