"""What a provider itself says that it cost: spend series, usage series, balances, burn rates and limits. Four kinds of
money, of which no two are ever added; and what it lists its models at, which is nobody's money yet."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from costtui.domain.money import NanoUsd
from costtui.domain.usage import Usage

BillKind = Literal["spend", "usage", "balance", "burn", "limit", "price"]


class Dimensions(NamedTuple):
    """What a line is about. Within one bucket of one feed they identify it: the same ones again are the same line."""

    model: str = ""
    token_kind: str = ""
    """`input`, `cached_input`, `cache_write`, `cache_write_1h`, `output`, `requests`, `web_search`; empty: not said."""
    project: str = ""
    """Project, workspace or namespace."""
    key: str = ""
    """The provider's own id of an API key, never the key."""
    tier: str = ""
    """`batch`, `flex`, `priority`; empty: standard or not said."""
    item: str = ""
    """The provider's own name of the line, where the others do not say it all."""


_PLAIN = Dimensions()


@dataclass(frozen=True, slots=True)
class BilledLine:
    """One line of a spend series: what was charged for `[from_ms, until_ms)`."""

    from_ms: int
    until_ms: int
    nano: NanoUsd | None
    """Negative for a credit; None where the provider names the line and not its amount."""
    dims: Dimensions = _PLAIN
    quantity: Decimal | None = None
    unit: str = ""
    """What `quantity` counts: `tokens`, `requests`, `seconds`, …; empty: not said."""


@dataclass(frozen=True, slots=True)
class UsedLine:
    """One line of a usage series: tokens and requests of `[from_ms, until_ms)`, without an amount."""

    from_ms: int
    until_ms: int
    usage: Usage | None
    """None where the provider names the line and not its tokens."""
    requests: int | None
    dims: Dimensions = _PLAIN


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left of prepaid money now."""

    nano: NanoUsd | None
    """Negative: money is owed."""
    name: str = ""
    """Which, where there are several."""


@dataclass(frozen=True, slots=True)
class BurnItem:
    """Something rented from the provider that costs by the hour while it is up."""

    name: str
    state: str
    """As the provider says: `running`, `paused`, `scaledToZero`, …"""
    replicas: int | None
    """Those that cost now."""
    usd_per_hour: Decimal | None
    """Of all its replicas now; 0 where none is up, None where its price is not known."""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """A cap that the provider itself holds."""

    nano: NanoUsd | None
    interval: str
    enforced: bool | None
    used_nano: NanoUsd | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class ListPrice:
    """What the provider lists one model at now, in USD per million tokens."""

    name: str
    """The model, as a request orders it."""
    input: Decimal | None
    output: Decimal | None
    cached_input: Decimal | None = None
    varies: bool = False
    """It is another one for long prompts or at some hours."""


Level = Balance | BurnItem | Limit | ListPrice
"""What is as it is until the provider says otherwise."""
BillRow = BilledLine | UsedLine | Level
