"""Orders to a dedicated endpoint that is rented by the hour, and what became of them."""

from dataclasses import dataclass
from typing import Literal

Action = Literal["pause", "resume", "scale-to-zero"]
ACTIONS: tuple[Action, ...] = ("pause", "resume", "scale-to-zero")


@dataclass(frozen=True, slots=True)
class EndpointOrder:
    """What somebody asked for by hand. Done once, by the agent, with the provider's `control_key`."""

    order_id: int
    provider: str
    name: str
    """As the provider's bill names it: `NAMESPACE/NAME`."""
    action: Action
    at_ms: int
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class EndpointAck:
    """What became of an order."""

    order_id: int
    at_ms: int
    done: bool
    told: str
    """In words; why not, where it was not done."""
