"""Which names mean the same model, what a compilation writes, and what the book answers."""

import json
import stat
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from costtui.errors import SourceError
from costtui.rates.child import compile_in_child
from costtui.rates.models import identify, why_same
from costtui.rates.prices import PriceBook

LLAMA = "meta-llama/Llama-3.3-70B-Instruct"
DAY_MS = 86_400_000
NOV_1_2026_MS = 1_793_491_200_000
CONFIG = """
[targets]
llama = { engine = "vllm", url = "http://127.0.0.1:8000/v1", model = "meta-llama/Llama-3.3-70B-Instruct" }
odd = { engine = "vllm", url = "http://127.0.0.1:8002/v1", model = "acme/never-heard-of-it-7b" }
gpt5 = { provider = "openai", model = "gpt-5" }
gmi = { provider = "gmi", model = "meta-llama/Llama-3.3-70B-Instruct" }
sil = { provider = "siliconflow", model = "your/model-id" }
[targets.house]
engine = "vllm"
url = "http://127.0.0.1:8001/v1"
model = "our-tuned-model"
compare = "meta-llama/Llama-3.1-8B-Instruct"
[prices]
gmi = [{ from = 2026-11-01, input = 0.01, output = 0.02 }]
gpt5 = [{ from = 2026-11-01, input = 1, output = 2, cached_input = 0.5 }]
"""


@pytest.mark.parametrize(
    "offered",
    [
        "meta-llama/llama-3.3-70b-instruct", "Meta-Llama-3.3-70B-Instruct", "meta.llama3-3-70b-instruct-v1:0",
        "databricks-meta-llama-3-3-70b-instruct", "llama-3.3-70b-versatile", "llama-3.3-70b",
        "@cf/meta/llama-3.3-70b-instruct-fp8-fast", "Meta-Llama-3_3-70B-Instruct",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo", "accounts/fireworks/models/llama-v3p3-70b-instruct",
        "unsloth/Llama-3.3-70B-Instruct-AWQ", "us.meta.llama3-3-70b-instruct-v1:0",
    ],
)  # fmt: skip
def test_the_same_model_is_known_by_its_other_names_and_says_why(offered: str) -> None:
    reason = why_same(LLAMA, offered)
    assert reason is not None
    assert reason.startswith(f"{offered} is llama-3.3-70b (")


@pytest.mark.parametrize(
    "offered",
    [
        "meta-llama/Llama-3.1-70B-Instruct", "meta-llama/Llama-3.3-8B-Instruct", "meta-llama/Meta-Llama-3-70B-Instruct",
        "llama-3.2-70b", "llama3-70b", "meta-llama/llama-3.3-70b-instruct:free", "eva-unit-01/eva-llama-3.33-70b",
        "tokyotech-llm/Llama-3.3-Swallow-70B-Instruct-v0.4", "nvidia/llama-3.3-nemotron-super-49b-v1", "llama-3.3",
        "deepseek/deepseek-r1-distill-llama-70b", "llama-3.3-70b-abliterated", "", "/", ":",
    ],
)  # fmt: skip
def test_another_size_version_or_tuning_is_another_model(offered: str) -> None:
    assert why_same(LLAMA, offered) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mistralai/Mistral-7B-Instruct-v0.3", "mistralai/Mistral-7B-Instruct-v0.2"),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", "mistralai/Mixtral-8x22B-Instruct-v0.1"),
        ("gpt-4-turbo", "gpt-4"), ("qwen-turbo", "qwen"), ("gpt-5", "gpt-5-mini"), ("Qwen/Qwen2.5-7B", "Qwen/Qwen2-7B"),
        ("deepseek-ai/DeepSeek-V3", "deepseek-ai/DeepSeek-V3.1"), ("gpt-oss-20b", "gpt-oss-120b"),
    ],
)  # fmt: skip
def test_neighbours_stay_apart(one: str, other: str) -> None:
    assert why_same(one, other) is None
    assert why_same(one, one) is not None


def test_the_one_published_version_of_mixtral_needs_no_number() -> None:
    assert why_same("mistralai/Mixtral-8x7B-Instruct-v0.1", "mixtral-8x7b-instruct") is not None
    identity = identify("Mixtral-8x7B-v0.1")
    assert identity is not None
    assert identity.left_out == ("its only version's number",)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state_dir = tmp_path_factory.mktemp("rates") / "state"
    config = state_dir.parent / "config.toml"
    config.write_text(CONFIG)
    compile_in_child(config, state_dir, ["mistralai/Mixtral-8x7B-Instruct-v0.1"])
    return state_dir


def book_in(state_dir: Path) -> PriceBook:
    book = PriceBook.load(state_dir)
    assert book is not None
    return book


def test_before_the_first_compilation_there_is_no_book(tmp_path: Path) -> None:
    assert PriceBook.load(tmp_path) is None


def test_the_file_is_private_and_alone(compiled: Path) -> None:
    assert [path.name for path in compiled.iterdir()] == ["prices.json"]
    assert stat.S_IMODE((compiled / "prices.json").stat().st_mode) == 0o600


def test_models_of_engines_and_models_found_running_have_offers(compiled: Path) -> None:
    book = book_in(compiled)
    assert {price.provider for price in book.models[LLAMA]} >= {"groq", "novita", "cerebras", "gmi"}
    assert all("70b" in price.model.lower() for price in book.models[LLAMA])
    assert all("8b" in price.model.lower() for price in book.models["our-tuned-model"])
    assert book.models["mistralai/Mixtral-8x7B-Instruct-v0.1"]
    assert book.compiled_ms > NOV_1_2026_MS - 400 * DAY_MS
    assert book.catalogue.startswith("genai-prices ")


def test_what_has_no_price_is_named_and_not_free(compiled: Path) -> None:
    book = book_in(compiled)
    assert set(book.unpriced) == {"sil", "acme/never-heard-of-it-7b"}
    assert book.price_of("sil", NOV_1_2026_MS) is None
    assert book.cheapest("acme/never-heard-of-it-7b", 1, 0, 1, NOV_1_2026_MS) is None
    assert all(price.input or price.output for prices in book.models.values() for price in prices)


def test_the_users_price_beats_the_catalogue_from_its_day_on(compiled: Path) -> None:
    book = book_in(compiled)
    before, after = (book.price_of("gpt5", NOV_1_2026_MS + days * DAY_MS) for days in (-1, 1))
    assert before is not None
    assert after is not None
    assert (before.input, before.output, before.cached_input) == (Decimal("1.25"), Decimal(10), Decimal("0.125"))
    assert (after.input, after.output, after.cached_input) == (Decimal(1), Decimal(2), Decimal("0.5"))
    assert after.source.startswith("config, over catalogue genai-prices ")


def test_the_cheapest_offer_is_for_the_mix_at_the_moment(compiled: Path) -> None:
    # gmi from 1 November: (700 x 0.01 + 300 x 0.02) / 1,000 = 0.013 per million; a day earlier it has no price
    book = book_in(compiled)
    found = book.cheapest(LLAMA, 700, 100, 300, NOV_1_2026_MS + DAY_MS)
    assert found is not None
    assert (found[0].provider, found[1]) == ("gmi", Decimal("0.013"))
    earlier = book.cheapest(LLAMA, 700, 100, 300, NOV_1_2026_MS - DAY_MS)
    assert earlier is not None
    assert earlier[0].provider != "gmi"
    assert earlier[1] > Decimal("0.05")
    assert book.cheapest(LLAMA, 0, 0, 0, NOV_1_2026_MS) is None


def test_the_same_configuration_gives_the_same_hash(compiled: Path, tmp_path: Path) -> None:
    compile_in_child(compiled.parent / "config.toml", tmp_path, ["mistralai/Mixtral-8x7B-Instruct-v0.1"])
    assert book_in(tmp_path).hash == book_in(compiled).hash


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"[" * 100_000, b"\xff", b'{"content": {"schema": "costtui.prices/1"}, "hash": "x"}'],
)
def test_a_damaged_book_is_refused_with_a_remedy(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "prices.json").write_bytes(body)
    with pytest.raises(SourceError, match="costtui prices compile"):
        PriceBook.load(tmp_path)


def test_an_edited_price_is_noticed(compiled: Path, tmp_path: Path) -> None:
    whole = json.loads((compiled / "prices.json").read_bytes())
    whole["content"]["targets"]["gpt5"][0]["input"] = "0.01"
    (tmp_path / "prices.json").write_text(json.dumps(whole))
    with pytest.raises(SourceError, match="was edited"):
        PriceBook.load(tmp_path)


def test_a_bad_configuration_is_the_childs_own_complaint(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[host]\nnam = 1\n")
    with pytest.raises(SourceError, match=r'config\.toml:2 host\.nam: is not a setting; did you mean "name"'):
        compile_in_child(tmp_path / "config.toml", tmp_path / "state")
    assert not (tmp_path / "state").exists()


def test_a_child_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"not compiled within 0\.001 s"):
        compile_in_child(None, tmp_path, timeout_seconds=0.001)


def test_reading_prices_imports_no_catalogue() -> None:
    code = (
        "import sys, costtui.rates.prices, costtui.rates.terms, costtui.rates.child;"
        "print(sorted({'genai_prices', 'httpx', 'asyncio', 'msgspec', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
