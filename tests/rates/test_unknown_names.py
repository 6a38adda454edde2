"""Whatever a model is called, it costs its price or is unknown; never nothing."""

import random

import pytest

from costtui.domain.card import PriceCard
from costtui.domain.usage import Usage
from costtui.rates.catalogue import of_provider

NAMES = ("gpt-5", "claude-opus-4-5", "gemini-2.5-pro", "llama-3.3-70b-versatile", "deepseek-chat", "mistral-large")
PROVIDERS = ("openai", "anthropic", "google", "groq", "deepseek", "mistral", "openrouter", "together", "novita")
ENDINGS = ("", "-2031-01-01", ":free", "-preview", "-latest", "@20990101", ":batch", " ", "-nano-nano")


def hostile_names() -> list[str]:
    dice = random.Random(7)
    names = []
    for _ in range(500):
        name = list(dice.choice(("", "ft:", "FT:", "models/")) + dice.choice(NAMES))
        for _ in range(dice.randrange(3)):
            name[dice.randrange(len(name))] = dice.choice("abcXYZ019-./:_")
        text = "".join(name) + dice.choice(ENDINGS)
        names.append(text.upper() if dice.random() < 0.3 else text)
    return names


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_name_of_five_hundred_costs_nothing(provider: str) -> None:
    for name in hostile_names():
        rows, reason = of_provider(provider, name)
        assert rows or reason
        for row in rows:
            charge = PriceCard.of(row).charge(Usage(1000, 0 if row.input_only else 1000))
            assert not row.free
            assert charge is None or charge.nano > 0
