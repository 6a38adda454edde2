"""Prices by the token that own GPUs might replace."""

from decimal import Decimal

from costtui.analysis.breakeven import Mix, Price
from costtui.config.model import Target
from costtui.domain.clean import clean
from costtui.domain.price import TokenPrice
from costtui.rates.prices import PriceBook
from costtui.report.verdict import Situation
from costtui.report.words import provider_words

MOST_SAME = 3
"""Sellers of the very same model that are shown, cheapest first."""
STRONGER = "list price of 2026-11; a stronger model: only where quality allows"
REFERENCE = (
    Price("anthropic claude-opus-5.5", Decimal(4), Decimal(20), Decimal("0.2"), STRONGER),
    Price("openai gpt-5", Decimal("1.25"), Decimal(10), Decimal("0.125"), STRONGER),
    Price("openai gpt-5-mini", Decimal("0.25"), Decimal(2), Decimal("0.025"), STRONGER),
)
"""Taken where no API is configured (genai-prices 0.2.3, of 2026-11)."""


def replaced_prices(found: Situation, model: str, target: Target | None, mix: Mix | None) -> tuple[Price, ...]:
    """The configured APIs, then the cheapest sellers of the same model, then list prices where no API is configured."""
    own = _configured(found)
    same = _same(found.book, target.compare if target and target.compare else model, found.at_ms)
    ranked = sorted(same, key=lambda price: price.blended(mix or Mix(Decimal(3))))
    names = {price.name for price in own}
    fresh = [price for price in ranked if price.name not in names]
    return (*own, *fresh[:MOST_SAME], *(() if own else REFERENCE))


def _configured(found: Situation) -> list[Price]:
    if found.book is None:
        return []
    asked = [found.book.price_of(target.name, found.at_ms) for target in found.config.targets if target.provider]
    prices = [price_from(each) for each in asked if each is not None and not each.free and not each.input_only]
    return list({price.name: price for price in prices}.values())


def _same(book: PriceBook | None, model: str, at_ms: int) -> list[Price]:
    if book is None:
        return []
    return [price_from(each) for each in book.offered(model, at_ms) if not each.free and not each.input_only]


def price_from(price: TokenPrice) -> Price:
    """Its usual rates: tiers, batch and other factors are not in a break-even."""
    name = f"{provider_words(price.provider)} {clean(price.model.rsplit('/', 1)[-1], 60)}"
    return Price(clean(name, 80), price.input, price.output, price.cached_input, clean(price.source, 120))
