"""What the screen may change: forms filled with what is in force, their effect, and the change itself."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from pathlib import Path

from costtui.config.load import load
from costtui.config.model import Config
from costtui.controls.desk import Desk, undoable
from costtui.controls.limits import limit_effect
from costtui.controls.outlook import BudgetEffect
from costtui.controls.preview import Measured, Preview, RouteEffect, percents, preview
from costtui.controls.spent import first_bytes, last_hour
from costtui.domain.amount import Amount, Provenance
from costtui.domain.clean import clean
from costtui.domain.control import Revision
from costtui.domain.money import NANO_PER_USD, NanoUsd
from costtui.domain.price import TokenPrice
from costtui.errors import CosttuiError, SourceError
from costtui.policy.limits import limits_in_force
from costtui.policy.plan import plans, reachable
from costtui.rates.prices import PriceBook
from costtui.report.gateway import gateway_now
from costtui.report.money import usd
from costtui.report.preview_words import first_byte, runs_out
from costtui.report.standings import standings
from costtui.report.words import money
from costtui.store.controls import ControlsStore
from costtui.store.ledger.rows import SpendRow
from costtui.tui.form import LIMIT, LONGEST_REASON, Form, Kind

MOST_ROWS = 12
NANO_PER_CENT = NANO_PER_USD // 100


@dataclass(frozen=True, slots=True)
class Situation:
    """What a form was opened on: its change is refused when somebody else was quicker."""

    desk: Desk
    spent: dict[str, tuple[SpendRow, ...]]
    prices: dict[str, TokenPrice | None]
    measured: Measured


class Helm:
    """Changes in one state directory, in the name of `actor`."""

    def __init__(self, state_dir: Path, actor: str, clock: Callable[[], int]) -> None:
        self._state_dir = state_dir
        self._actor = actor
        self._clock = clock
        self._on: Situation | None = None

    def open(self, kind: Kind, config_path: str | None, name: str = "") -> Form:
        """A form that changes nothing yet. Raises CosttuiError where nothing can be changed, and says why."""
        self._on = on = self._situation(config_path)
        config = on.desk.config
        if config.host.control == "off":
            raise CosttuiError('changes by hand are off here: host.control = "off" in the configuration')
        choices = {route.name: reachable(route) for route in config.routes if reachable(route)}
        if kind == "drain":
            choices = {target.name: () for target in config.targets}
        elif kind == "budget":
            choices = {budget.name: LIMIT for budget in config.budgets}
        if not choices:
            what = {"drain": "target", "budget": "budget"}.get(kind, "route")
            raise CosttuiError(f"no {what} is configured: there is nothing to change")
        name = name if name in choices else next(iter(choices))
        return self.told(Form(kind, choices, name, (), ()))

    def propose(self, config_path: str | None, route: str, shares: tuple[tuple[str, int], ...], reason: str) -> Form:
        """A shift that is filled in and changes nothing yet. Raises CosttuiError where it cannot be made."""
        form = self.open("shift", config_path, route)
        weights = dict(shares)
        if form.name != route or not weights.keys() <= set(form.targets):
            raise CosttuiError(f"{clean(route, 80)} has other targets now: nothing to shift; look again in a minute")
        filled = tuple(weights.get(target, 0) for target in form.targets)
        return self.told(replace(form, shares=filled, reason=reason[:LONGEST_REASON]))

    def told(self, form: Form) -> Form:
        """The form with what it would do, or with what is wrong with it."""
        on = self._required()
        form = self._filled(form, on)
        try:
            draft = self._draft(form, on.desk)
            desk = on.desk
            if form.kind == "budget":
                return replace(form, told=_limited(form, draft, on), problem="")
            shown = preview(desk.config, desk.revisions, draft, desk.now_ms, on.spent, on.prices, on.measured)
        except CosttuiError as error:
            return replace(form, told=(), problem=str(error))
        return replace(form, told=_told(shown, desk.config), problem="")

    def apply(self, form: Form) -> Revision:
        """Make the change. Raises CosttuiError, also where somebody else was quicker."""
        desk = self._required().desk
        fresh = Desk(desk.config, desk.revisions, self._actor, self._clock(), form.reason)
        with closing(ControlsStore.open(self._state_dir)) as store:
            return store.add_revision(self._draft(form, fresh))

    def undo(self, config_path: str | None) -> tuple[Revision, Revision]:
        """Take back one's own last change: what was made, and what it takes back. Raises CosttuiError."""
        config = load(Path(config_path) if config_path else None, self._clock())
        with closing(ControlsStore.open(self._state_dir)) as store:
            revisions = store.state().revisions
            desk = Desk(config, revisions, self._actor, self._clock())
            draft = desk.undo()
            return store.add_revision(draft), undoable(revisions, desk.actor, desk.now_ms)

    def followed(self) -> int | None:
        """The newest change that the gateway follows; None where none is running."""
        gateway = gateway_now(self._state_dir, self._clock())
        return gateway.revision if gateway.state == "running" else None

    def _required(self) -> Situation:
        if self._on is None:
            raise CosttuiError("no form is open")
        return self._on

    def _situation(self, config_path: str | None) -> Situation:
        now_ms = self._clock()
        config = load(Path(config_path) if config_path else None, now_ms)
        with closing(ControlsStore.open(self._state_dir)) as store:
            desk = Desk(config, store.state().revisions, self._actor, now_ms)
        measured = Measured(first_bytes(self._state_dir, now_ms), standings(self._state_dir, now_ms))
        return Situation(desk, last_hour(self._state_dir, now_ms), self._prices(config, now_ms), measured)

    def _prices(self, config: Config, at_ms: int) -> dict[str, TokenPrice | None]:
        try:
            book = PriceBook.load(self._state_dir)
        except SourceError:
            book = None
        apis = [target.name for target in config.targets if target.provider is not None]
        return {name: None if book is None else book.price_of(name, at_ms) for name in apis}

    def _filled(self, form: Form, on: Situation) -> Form:
        """Shares as they are in force, where the form has none yet."""
        if form.shares or form.kind == "drain":
            return form
        if form.kind == "budget":
            limits = limits_in_force(on.desk.config.budgets, on.desk.revisions, on.desk.now_ms)
            cents = (limits.by_name[form.name].nano // NANO_PER_CENT,)
            return replace(form, before=cents, shares=cents)
        plan = plans(on.desk.config, on.desk.revisions, on.desk.now_ms).plans[form.name]
        shares = percents(plan) if any(plan.shares) else {}
        before = tuple(round(shares.get(target, 0)) for target in form.targets)
        first = max(range(len(before)), key=lambda place: before[place])
        pinned = tuple(int(place == first) for place in range(len(before)))
        return replace(form, before=before, shares=before if form.kind == "shift" else pinned)

    def _draft(self, form: Form, desk: Desk) -> Revision:
        until_ms = None if form.seconds is None else desk.now_ms + form.seconds * 1000
        if form.kind == "drain":
            return desk.drain(form.name, until_ms)
        if form.kind == "budget":
            return desk.budget(form.name, NanoUsd(form.shares[0] * NANO_PER_CENT), until_ms)
        if form.kind == "pin":
            return desk.pin(form.name, form.pinned, until_ms)
        return desk.shift(form.name, form.weights, until_ms)


def _limited(form: Form, draft: Revision, on: Situation) -> tuple[str, ...]:
    """What another limit would do, from where the budget stands."""
    desk, zone = on.desk, on.desk.config.host.timezone
    before, after = (usd(NanoUsd(cents * NANO_PER_CENT)) for cents in (form.before[0], form.shares[0]))
    effect = limit_effect(on.measured.standings, clean(form.name), before, after, desk.now_ms)
    full = [effect.percent(limit) for limit in (before, after)]
    shown = " → ".join("? %" if percent is None else f"{percent:.0f} %" for percent in full)
    lines = [f"used {money(effect.used_usd)} $: {shown} of the limit"]
    if effect.known:
        ends = [_ends(moment_ms, zone) for moment_ms in (effect.runs_out_ms, effect.new_runs_out_ms)]
        lines.append(f"at the present pace: {ends[0]} → {ends[1]}")
    else:
        lines.append("when it runs out is not known: its window never ends, or no agent says what was spent")
    if draft.until_ms is not None:
        lines.append(f"until {_clock(draft.until_ms, zone)}, then the configured limit again")
    return tuple(lines)


def _ends(moment_ms: int | None, zone: tzinfo) -> str:
    return "lasts its window" if moment_ms is None else f"runs out {_clock(moment_ms, zone)}"


def _clock(moment_ms: int, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(moment_ms / 1000, UTC).astimezone(zone):%d %b %H:%M}"


def _told(shown: Preview, config: Config) -> tuple[str, ...]:
    """What it would do to each route, as far as there is room, then to the nearest budget."""
    ends = ""
    if shown.draft.until_ms is not None:
        ends = (
            f" until {datetime.fromtimestamp(shown.draft.until_ms / 1000, UTC).astimezone(config.host.timezone):%H:%M}"
        )
    lines = []
    for effect in shown.effects:
        lines += _effect(effect, ends)
    last = [f"! {text}" for text in shown.warnings]
    if shown.budget is not None and shown.effects:
        last.insert(0, _budget(shown.budget, config))
    return (*lines[: max(MOST_ROWS - len(last), 0)], *last) or ("this changes the share of no route",)


def _effect(effect: RouteEffect, ends: str) -> list[str]:
    resumes = f", then {effect.resumes} resumes" if ends else ""
    shares = " · ".join(f"{each.target} {each.before:.0f} → {each.after:.0f} %" for each in effect.shares)
    waits = " · ".join(
        f"{each.target} {_seconds(each.first_byte and each.first_byte.p50_ms)}" for each in effect.shares
    )
    before, after = _seconds(effect.first_byte_before_ms), _seconds(effect.first_byte_after_ms)
    lines = [
        f"{effect.route}: {effect.before} now; {effect.after} by hand{ends}{resumes}",
        f"  {shares}",
        f"  last hour replayed, APIs: {_usd(effect.api_before)} → {_usd(effect.api_after)} $/h",
        f"  first byte: {before} → {after} s ({waits})",
    ]
    return [*lines, f"  ! no target is left: requests to {effect.route} would be refused"] if effect.refused else lines


def _seconds(milliseconds: Decimal | int | None) -> str:
    return first_byte(milliseconds).removesuffix(" s")


def _budget(effect: BudgetEffect, config: Config) -> str:
    zone = config.host.timezone
    before, after = runs_out(effect.before, effect.resets_ms, zone), runs_out(effect.after, effect.resets_ms, zone)
    return f"budget {effect.name}: {before} → {after}"


def _usd(amount: Amount) -> str:
    if amount.nano is None:
        return f"? (no price: {', '.join(amount.unknown)})" if amount.unknown else "?"
    return money(usd(amount.nano), more=bool(amount.unknown), estimated=amount.provenance is Provenance.ESTIMATED)
