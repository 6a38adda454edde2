"""Every API's own usage block, from the bytes of the answer to the nano-dollar, against figures worked by hand."""

import tomllib
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from costtui.dialects.answer import read_answer
from costtui.dialects.operation import Operation
from costtui.domain.amount import Provenance
from costtui.domain.card import PriceCard, attempt_charge
from costtui.domain.usage import UsageSource
from costtui.rates.rows import from_json

TABLE = Path(__file__).parent.parent / "fixtures" / "rates" / "usage_blocks.toml"
WHOLE = tomllib.loads(TABLE.read_text(encoding="utf-8"))
BLOCKS: list[dict[str, Any]] = WHOLE["blocks"]
APIS = ("OpenAI chat", "OpenAI responses", "OpenAI embeddings", "Anthropic messages", "Gemini compatible",
        "Gemini native", "xAI chat", "DeepSeek", "OpenRouter", "Groq", "Mistral", "Together", "Novita", "Fireworks",
        "vLLM", "SGLang", "TGI", "llama.cpp", "Ollama native", "SiliconFlow", "GMI")  # fmt: skip


def card_of(block: dict[str, Any]) -> PriceCard:
    return PriceCard.of(from_json({"provider": block["provider"], "model": block["price"], **priced(block)}))


def priced(block: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = WHOLE["prices"][block["price"]]
    return row


def worked(work: str) -> tuple[int, ...]:
    """`200*1250; 800*62.5; ...`: the sum of each kind, rounded once."""
    return tuple(
        int(sum((product(term) for term in kind.split("+")), Decimal(0)).to_integral_value(ROUND_HALF_EVEN))
        for kind in work.split(";")
    )


def product(term: str) -> Decimal:
    tokens, _, rate = term.partition("*")
    return Decimal(tokens.strip()) * Decimal(rate.strip() or 1)


def test_the_table_covers_every_api_that_is_metered() -> None:
    assert len(BLOCKS) >= 60
    assert {block["api"] for block in BLOCKS} >= set(APIS)


@pytest.mark.parametrize("block", BLOCKS, ids=[f"{place}-{block['api']}" for place, block in enumerate(BLOCKS)])
def test_an_answer_costs_what_was_worked_by_hand(block: dict[str, Any]) -> None:
    answer = read_answer(Operation(block["operation"]), block["provider"], block["body"].encode())
    assert answer.usage is not None
    charge, provenance = attempt_charge(card_of(block), answer.usage, UsageSource.REPORTED)
    assert charge is not None
    assert provenance is Provenance.METERED
    assert tuple(charge) == worked(block["work"])
    assert charge.nano == block["nano"]
