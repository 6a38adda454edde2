"""What a change by hand would do, before it is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from costtui.config.model import Config
from costtui.controls.outlook import BudgetEffect, Standing, change_usd_per_hour, mean_first_byte_ms, nearest
from costtui.domain.amount import Amount, Provenance, total, unknown_amount
from costtui.domain.control import Revision
from costtui.domain.money import NanoUsd, nano_from_usd
from costtui.domain.price import TokenPrice, cost_usd
from costtui.policy.plan import RoutePlan, plans
from costtui.store.ledger.rows import LatencyRow, SpendRow


@dataclass(frozen=True, slots=True)
class Share:
    """One target's part of a route, in percent of its requests."""

    target: str
    before: Decimal
    after: Decimal
    first_byte: LatencyRow | None = None
    """Of its attempts of the last hour, on whatever route; None: it had none."""


@dataclass(frozen=True, slots=True)
class RouteEffect:
    """What happens to one route."""

    route: str
    shares: tuple[Share, ...]
    before: str
    """Strategy in force now; `weighted` or `pinned` where that is by hand."""
    after: str
    resumes: str
    """The route's own strategy, which holds again when the change ends."""
    refused: bool
    """Whether no target would be left: its requests would be refused."""
    api_before: Amount
    """What APIs charged for the last hour's requests."""
    api_after: Amount
    """What they would have charged for the same tokens."""
    first_byte_before_ms: Decimal | None
    """Medians of the last hour by share; None where a target with a share had no attempt."""
    first_byte_after_ms: Decimal | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do, route by route; empty where it would change nothing."""

    draft: Revision
    effects: tuple[RouteEffect, ...]
    warnings: tuple[str, ...]
    budget: BudgetEffect | None = None
    """The budget of APIs that is spent first; None where no budget covers APIs."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of the host besides its spend."""

    first_bytes: Mapping[str, LatencyRow]
    """Of the last hour, by target."""
    standings: Sequence[Standing]
    """Budgets as the agent's picture has them; those that are missing are not known."""


NOT_MEASURED = Measured({}, ())


def preview(
    config: Config,
    revisions: Sequence[Revision],
    draft: Revision,
    now_ms: int,
    spent: Mapping[str, Sequence[SpendRow]],
    prices: Mapping[str, TokenPrice | None],
    measured: Measured = NOT_MEASURED,
) -> Preview:
    """The effect of `draft` on each route whose shares it changes.

    `spent`: the ledger's rows of the last hour by target (label 0), for each route. `prices`: of API targets.
    """
    now, then = plans(config, revisions, now_ms), plans(config, (*revisions, draft), now_ms)
    effects = []
    for route in config.routes:
        before, after = now.plans[route.name], then.plans[route.name]
        same = (before.targets, before.shares, before.strategy) == (after.targets, after.shares, after.strategy)
        if same and route.name != draft.route:
            continue
        rows = spent.get(route.name, ())
        effects.append(
            RouteEffect(
                route=route.name,
                shares=_shares(route.targets, before, after, measured.first_bytes),
                before=before.strategy,
                after=after.strategy,
                resumes=route.strategy,
                refused=not after.targets,
                api_before=_api(rows),
                api_after=_api_after(config, after, rows, prices),
                first_byte_before_ms=mean_first_byte_ms(percents(before), measured.first_bytes),
                first_byte_after_ms=mean_first_byte_ms(percents(after), measured.first_bytes),
            )
        )
    change = change_usd_per_hour((effect.api_before, effect.api_after) for effect in effects)
    return Preview(
        draft,
        tuple(effects),
        tuple(text for text in then.warnings if text not in now.warnings),
        nearest(config.budgets, measured.standings, change, now_ms, draft.until_ms),
    )


def percents(plan: RoutePlan) -> dict[str, Decimal]:
    """Each target's part of the requests, in percent."""
    whole = sum(plan.shares)
    return {name: Decimal(share) * 100 / whole for name, share in zip(plan.targets, plan.shares, strict=True)}


def _shares(
    targets: Sequence[str], before: RoutePlan, after: RoutePlan, first_bytes: Mapping[str, LatencyRow]
) -> tuple[Share, ...]:
    now, then, none = percents(before), percents(after), Decimal(0)
    return tuple(Share(name, now.get(name, none), then.get(name, none), first_bytes.get(name)) for name in targets)


def _api(rows: Sequence[SpendRow]) -> Amount:
    """What APIs charged, naming the targets whose charge is not wholly known."""
    parts = []
    for row in rows:
        if row.self_hosted:
            continue
        missing = (row.labels[0],) if row.unpriced else ()
        source = Provenance.ESTIMATED if row.estimated else Provenance.METERED
        parts.append(Amount(None if row.nano is None else NanoUsd(row.nano), source, missing))
    return total(parts)


def _api_after(
    config: Config, plan: RoutePlan, rows: Sequence[SpendRow], prices: Mapping[str, TokenPrice | None]
) -> Amount:
    """The same tokens at the shares asked for: an estimate, since another target's tokenizer counts otherwise."""
    hosted = {target.name for target in config.engines}
    tokens = (
        sum(row.input_tokens for row in rows),
        sum(row.cached_input_tokens for row in rows),
        sum(row.output_tokens for row in rows),
    )
    parts = []
    for name, percent in percents(plan).items():
        if name in hosted or not percent or not any(tokens):
            continue
        price = prices.get(name)
        if price is None:
            parts.append(unknown_amount(name))
            continue
        usd = cost_usd(price, *tokens) * percent / 100
        parts.append(Amount(nano_from_usd(usd), Provenance.ESTIMATED))
    return total(parts)
