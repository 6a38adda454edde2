"""Own traffic at other sellers of the same model: worked by hand."""

from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from costtui.config.model import Config, Host, Target
from costtui.domain.amount import Provenance
from costtui.domain.charge import Charge
from costtui.domain.money import NanoUsd
from costtui.domain.price import PriceTier, TokenPrice
from costtui.domain.usage import Usage
from costtui.rates.prices import PriceBook
from costtui.report.counterfactual import NO_PRICE, NO_RATE, ONLY_ITSELF, Compared, Offer, counterfactual
from costtui.store.ledger.purge import purge
from costtui.store.ledger.reader import LedgerReader
from tests.cli.ledger import LLAMA, NOVITA, OPENAI, keep
from tests.report.scene import HOUR, MIDNIGHT
from tests.store.ledger.made import attempt

USD = 1_000_000_000
NOON = MIDNIGHT + 12 * HOUR
MILLION = Usage(1_000_000, 100_000, 400_000)
"""600,000 fresh and 400,000 cached input, 100,000 output."""
CONFIG = Config(
    host=Host("gpu-07", ZoneInfo("UTC")),
    targets=(
        Target("llama", "vllm", "http://127.0.0.1:8000/v1", "llama-3.3-70b"),
        Target("novita", provider="novita", model="meta/Llama-3.3-70B"),
        Target("secret", provider="corp", model="llama-3.3-70b"),
        Target("gpt-5", provider="openai", model="gpt-4.1"),
    ),
)
NOVITA_PRICE = TokenPrice("novita", "llama", Decimal("0.20"), Decimal("0.50"), Decimal("0.10"))
BOOK = PriceBook(
    models={
        "llama-3.3-70b": (
            NOVITA_PRICE,
            TokenPrice(
                *("groq", "llama", Decimal("0.59"), Decimal("0.79")),
                tiers=(PriceTier(128_000, input=Decimal("1.18")),),
            ),
            TokenPrice("embedder", "llama", Decimal("0.01"), Decimal(0), input_only=True),
        )
    },
    targets={"novita": (NOVITA_PRICE,)},
    unpriced={},
    hash="h",
    compiled_ms=0,
    catalogue="",
    reasons={},
    held=(),
    inputs="",
)


def found(state_dir: Path, *, priced: bool = True, book: PriceBook = BOOK) -> tuple[Compared, ...]:
    own = attempt(
        1, 0, NOON - HOUR, usage=MILLION, charge=Charge(flat_nano=NanoUsd(7 * USD)), provenance=Provenance.ACCRUED
    )
    known, unknown = (Charge(flat_nano=NanoUsd(210_000_000)), Provenance.METERED), (None, Provenance.UNKNOWN)
    charge, provenance = known if priced else unknown
    api = attempt(2, 0, NOON - HOUR, usage=MILLION, charge=charge, provenance=provenance)
    gpt = attempt(3, 0, NOON - HOUR, usage=Usage(1_000, 100), charge=Charge(flat_nano=NanoUsd(USD)))
    old = attempt(4, 0, MIDNIGHT - HOUR, usage=MILLION, charge=Charge(flat_nano=NanoUsd(USD)))
    keep(state_dir, [(LLAMA, own), (NOVITA, api), (OPENAI, gpt), (NOVITA, old)], NOON)
    with closing(LedgerReader(state_dir)) as ledger:
        return counterfactual(ledger, CONFIG, book, MIDNIGHT, NOON)


def test_traffic_of_one_model_is_priced_at_every_seller_of_it_cheapest_first_with_its_cached_rate(
    tmp_path: Path,
) -> None:
    # novita: 2 x (0.6 x 0.20 + 0.4 x 0.10 + 0.1 x 0.50) = 0.42
    # groq, no cached rate, above 128,000: 2 x (1.18 + 0.1 x 0.79) = 2.518
    offers = [(each.name, each.nano, each.configured, each.at_least, each.reason) for each in found(tmp_path)[0].offers]
    assert offers == [
        ("novita", 420_000_000, True, False, ""),
        ("groq", 2_518_000_000, False, False, ""),
        ("embedder", None, False, False, NO_RATE),
        ("secret", None, True, False, NO_PRICE),
    ]


def test_each_request_costs_by_its_own_size_and_where_only_sums_are_left_the_least_is_told(tmp_path: Path) -> None:
    sizes = (128_000, 128_001, 250_000)
    rows = [(NOVITA, attempt(n, 0, NOON - HOUR, usage=Usage(size, 1_000))) for n, size in enumerate(sizes, 1)]
    keep(tmp_path, rows, NOON)
    tiers = (PriceTier(128_000, input=Decimal(2)), PriceTier(200_000, input=Decimal(3), output=Decimal(20)))
    price = TokenPrice("groq", "llama", Decimal(1), Decimal(10), tiers=tiers, usd_per_request=Decimal("0.001"))
    book = replace(BOOK, models={"llama-3.3-70b": (price,)}, targets={})

    def groq() -> Offer:
        with closing(LedgerReader(tmp_path)) as ledger:
            (model,) = counterfactual(ledger, CONFIG, book, MIDNIGHT, NOON)
        return next(each for each in model.offers if each.name == "groq")

    # 0.128 x 1 + 0.01; 0.128001 x 2 + 0.01; 0.25 x 3 + 0.02; three fees: 1.177002; all at the least: 0.539001
    assert groq() == ("groq", 1_177_002_000, False, False, "")
    later = NOON + 40 * 24 * HOUR
    assert purge(tmp_path, later, later) == len(sizes)
    assert groq() == ("groq", 539_001_000, False, True, "")


def test_what_apis_were_paid_stands_apart_from_the_rent_of_own_engines(tmp_path: Path) -> None:
    llama = found(tmp_path)[0]
    assert (llama.model, llama.requests, llama.paid_nano, llama.hosted_tokens) == (
        "llama-3.3-70b",
        2,
        210_000_000,
        1_100_000,
    )


def test_an_attempt_without_a_price_makes_what_was_paid_unknown_and_not_0(tmp_path: Path) -> None:
    assert found(tmp_path, priced=False)[0].paid_nano is None


def test_a_model_that_nobody_else_sells_is_said_not_to_be_comparable(tmp_path: Path) -> None:
    gpt = found(tmp_path)[1]
    assert (gpt.model, gpt.offers, gpt.reason) == ("gpt-5", (), ONLY_ITSELF)


def test_a_seller_stands_once_and_where_its_names_cost_differently_each_by_its_own(tmp_path: Path) -> None:
    def price(provider: str, model: str, rate: str) -> TokenPrice:
        return TokenPrice(provider, model, Decimal(rate), Decimal(rate))

    listed = (
        *(price("groq", "llama-specdec", "0.50"), price("groq", "llama-versatile", "0.60")),
        *(price("together", "meta/llama-turbo", "0.80"), price("together", "meta/meta-llama-turbo", "0.80")),
        *(replace(NOVITA_PRICE, model="llama-alias"), replace(NOVITA_PRICE, model="llama-bf16", input=Decimal("0.30"))),
    )
    offers = found(tmp_path, book=replace(BOOK, models={"llama-3.3-70b": listed}))[0].offers
    # 2.2 million tokens at one rate; novita-bf16: 2 x (0.6 x 0.30 + 0.4 x 0.10 + 0.1 x 0.50) = 0.54
    assert [(each.name, each.nano) for each in offers if each.nano is not None] == [
        ("novita", 420_000_000),
        ("novita llama-bf16", 540_000_000),
        ("groq llama-specdec", 1_100_000_000),
        ("groq llama-versatile", 1_320_000_000),
        ("together", 1_760_000_000),
    ]
