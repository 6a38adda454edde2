"""Prices per million tokens as the last compilation resolved them: plain JSON, no catalogue in this process."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from costtui.domain.clean import clean
from costtui.domain.price import TokenPrice, cost_usd
from costtui.errors import SourceError
from costtui.rates.guard import Held, Offer
from costtui.rates.hours import in_force, next_change_ms
from costtui.rates.models import why_answered
from costtui.rates.rows import from_json

PRICES_FILE = "prices.json"
OVERLAY_FILE = "prices.toml"
"""The user's own prices by provider and model, beside the configuration."""
SCHEMA = "costtui.prices/2"
PRICES_BYTES = 8 * 1024 * 1024
REMEDY = "run `costtui prices compile`"


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Dated prices by model and by target, with the hash of what they were read from."""

    models: Mapping[str, tuple[TokenPrice, ...]]
    """By the self-hosted model's name: all providers of the same model, ascending by `from_ms` per provider."""
    targets: Mapping[str, tuple[TokenPrice, ...]]
    """By the API target's name in the configuration, ascending by `from_ms`."""
    unpriced: Mapping[str, str]
    """Models and targets without a price, and why."""
    hash: str
    compiled_ms: int
    catalogue: str
    """Name and version of the catalogue."""
    reasons: Mapping[str, tuple[str, ...]]
    """By the self-hosted model's name: why each offer is the same model."""
    held: tuple[Held, ...]
    """Prices that moved too far and were not taken."""
    inputs: str
    """Hash of the files of the user that it was compiled from: `overlay.inputs_digest`."""

    @classmethod
    def load(cls, state_dir: Path) -> "PriceBook | None":
        """The book in `state_dir`; None before the first compilation. Raises SourceError if it is damaged."""
        path = state_dir / PRICES_FILE
        try:
            with path.open("rb") as file:
                body = file.read(PRICES_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SourceError(f"{path} cannot be read ({error.strerror})", REMEDY) from None
        return _read(path, body)

    def cheapest(
        self, model: str, input_tokens: int, cached_input_tokens: int, output_tokens: int, at_ms: int
    ) -> tuple[TokenPrice, Decimal] | None:
        """The cheapest provider of `model` for this mix, and its USD per million tokens, input and output together."""
        tokens = input_tokens + output_tokens
        if tokens <= 0:
            return None
        offers = [
            (cost_usd(price, input_tokens, cached_input_tokens, output_tokens) * 1_000_000 / tokens, price)
            for price in self.offered(model, at_ms)
            if not (price.input_only and output_tokens)
        ]
        if not offers:
            return None
        usd_per_million, price = min(offers, key=lambda offer: (offer[0], offer[1].provider))
        return price, usd_per_million

    def offered(self, model: str, at_ms: int) -> list[TokenPrice]:
        """What each provider charges for a self-hosted model at a moment."""
        offers: dict[Offer, list[TokenPrice]] = {}
        for price in self.models.get(model, ()):
            offers.setdefault((price.provider, price.model), []).append(price)
        now = [in_force(rows, at_ms) for rows in offers.values()]
        return [price for price in now if price is not None]

    def price_of(self, target: str, at_ms: int) -> TokenPrice | None:
        """The price of an API target at a moment; None is unknown, not free."""
        return in_force(self.targets.get(target, ()), at_ms)

    def answered(self, target: str, sent: str, reported: str, at_ms: int) -> tuple[TokenPrice | None, str]:
        """The price of an answer that names its model, and why: the target's own where that is the model that was
        `sent` or a dated snapshot of it, or where the user stated it; else another target's at the same provider."""
        own = self.price_of(target, at_ms)
        if own is None:
            return None, self.unpriced.get(target, "it has no price yet")
        if own.source.startswith(("config", OVERLAY_FILE)):
            return own, f"{own.source} states the price of {target}, whatever model answers"
        if (why := why_answered(sent, reported) or why_answered(own.model, reported)) is not None:
            return own, why
        for other in self.targets:
            its = self.price_of(other, at_ms)
            if its is not None and its.provider == own.provider and (why := why_answered(its.model, reported)):
                return its, why
        return None, f"no price of {clean(reported)} at {own.provider}"

    def offers(self) -> dict[Offer, tuple[TokenPrice, ...]]:
        """Every known offer with its dated rows; a target's own before what models are compared with."""
        found: dict[Offer, tuple[TokenPrice, ...]] = {}
        for rows in (*self.targets.values(), *self.models.values()):
            for offer in {(row.provider, row.model): None for row in rows}:
                found.setdefault(offer, tuple(row for row in rows if (row.provider, row.model) == offer))
        return found

    def next_change_ms(self, target: str, at_ms: int) -> int | None:
        """When the price of an API target changes next after a moment; None: not in this book."""
        return next_change_ms(self.targets.get(target, ()), at_ms)


def canonical(content: Mapping[str, object]) -> bytes:
    """The bytes that the hash covers: keys sorted, no spaces."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(content: Mapping[str, object]) -> str:
    """SHA-256 of the canonical content, in hex."""
    return hashlib.sha256(canonical(content)).hexdigest()


def _read(path: Path, body: bytes) -> PriceBook:
    try:
        if len(body) > PRICES_BYTES:
            raise ValueError("too large")
        whole = json.loads(body)
        content = whole["content"]
        if content["schema"] != SCHEMA or digest(content) != whole["hash"]:
            raise ValueError("changed after it was written")
        return PriceBook(
            models={model: _prices(rows) for model, rows in content["models"].items()},
            targets={target: _prices(rows) for target, rows in content["targets"].items()},
            unpriced=dict(content["unpriced"]),
            hash=whole["hash"],
            compiled_ms=int(whole["compiled_ms"]),
            catalogue=str(content["catalogue"]),
            reasons={model: tuple(map(str, reasons)) for model, reasons in content["reasons"].items()},
            held=tuple(Held(**{key: str(value) for key, value in row.items()}) for row in content["held"]),
            inputs=str(whole["inputs"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        raise SourceError(f"{path} is damaged or was edited", REMEDY) from None


def _prices(rows: list[dict[str, object]]) -> tuple[TokenPrice, ...]:
    return tuple(from_json(row) for row in rows)
