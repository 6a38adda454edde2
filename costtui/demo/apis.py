"""What the simulated host buys from others, and how its clients' traffic is shared out."""

from dataclasses import dataclass
from decimal import Decimal

from costtui.domain.price import TokenPrice


@dataclass(frozen=True, slots=True)
class SimulatedApi:
    """One target of an API provider: its pace, its price, and its part of the requests."""

    name: str
    provider: str
    model: str
    dialect: str
    share: float
    """Part of all requests that come here."""
    first_token_seconds: float
    tokens_per_second: float
    price: TokenPrice
    refused_ratio: float = 0.0
    """Part of the requests that it answers with 429."""


_LLAMA, _CLAUDE = "meta-llama/llama-3.3-70b-instruct", "claude-opus-5"
_NOVITA_PRICE = TokenPrice("novita", _LLAMA, Decimal("0.135"), Decimal("0.40"))
_GPT_PRICE = TokenPrice("gpt-5", "gpt-5", Decimal("1.25"), Decimal("10.00"), Decimal("0.125"))
_CLAUDE_PRICE = TokenPrice(
    *("claude", _CLAUDE, Decimal("5.00"), Decimal("25.00"), Decimal("0.50")),
    cache_write=Decimal("6.25"),
    cache_write_1h=Decimal("10.00"),
)
APIS = (
    SimulatedApi("novita", "novita", _LLAMA, "openai", 0.2146, 0.5, 45.0, _NOVITA_PRICE, 0.005),
    SimulatedApi("gpt-5", "openai", "gpt-5", "openai", 0.0686, 0.9, 80.0, _GPT_PRICE),
    SimulatedApi("claude", "anthropic", _CLAUDE, "anthropic", 0.0294, 0.8, 65.0, _CLAUDE_PRICE),
)
"""Prices: the providers' list prices of 2026."""


@dataclass(frozen=True, slots=True)
class TrafficClass:
    """One route of the demo, and how large a part of all requests its clients send."""

    route: str
    share: float
    strategy: str
    weights: tuple[tuple[str, int], ...]
    boundary: bool = False
    messages_ratio: float = 0.0
    """Part of its requests that come from Anthropic clients."""


CLASSES = (
    TrafficClass("chat", 0.74, "idle-first", (("llama-70b", 71), ("novita", 29))),
    TrafficClass("code", 0.098, "weighted", (("gpt-5", 70), ("claude", 30)), messages_ratio=0.3),
    TrafficClass("small", 0.16, "pinned", (("llama-8b", 1),)),
    TrafficClass("legal", 0.002, "pinned", (("mixtral", 1),), boundary=True),
)
