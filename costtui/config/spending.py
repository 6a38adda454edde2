"""`[prices]` and `[alerts]`."""

from collections.abc import Mapping, Sequence

from costtui.config.addresses import read_secret
from costtui.config.gpus import Exchange
from costtui.config.model import Alerts, Target
from costtui.config.prices import in_order, read_price
from costtui.config.table import Table, nearest
from costtui.domain.price import TokenPrice


def read_prices(
    table: Table, targets: Sequence[Target], currencies: Mapping[str, Sequence[Exchange]]
) -> tuple[TokenPrice, ...]:
    """`[prices]`: the user's own, by target, ascending by day; `provider` holds the target's name."""
    prices: list[TokenPrice] = []
    known = {target.name: target for target in targets}
    for name in table.names_given():
        if name not in known:
            table.wrong(name, f"is not a target{nearest(name, known)}")
            continue
        model = known[name].model or name
        quotes = [read_price(row, currencies, provider=name, model=model) for row in table.tables(name)]
        if len({quote[0].from_ms for quote in quotes if quote}) != len([quote for quote in quotes if quote]):
            table.wrong(name, "has two prices from the same day")
        prices += in_order(quotes)
    return tuple(prices)


def read_alerts(table: Table) -> Alerts:
    """`[alerts]`."""
    jump = table.number("burn_jump", low=1, high=1000, above=True)
    alerts = Alerts(
        webhook=read_secret(table, "webhook"),
        gpu_idle_seconds=table.duration_seconds("gpu_idle"),
        burn_jump=None if jump is None else float(jump),
        bell=table.flag("bell"),
        source_silent_seconds=table.duration_seconds("source_silent") or Alerts().source_silent_seconds,
    )
    table.close()
    return alerts
