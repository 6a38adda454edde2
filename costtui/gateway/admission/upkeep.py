"""The desk follows the configuration: what is held stays held, and what is new begins where the ledger says."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from costtui.config.model import Config
from costtui.domain.budget import Budget
from costtui.gateway.admission.covering import Covering
from costtui.gateway.admission.desk import AdmissionDesk
from costtui.gateway.admission.lessee import Lessee
from costtui.gateway.admission.opening import boot_id, open_accounts
from costtui.policy.account import Account
from costtui.store.ledger.writer import LedgerWriter

if TYPE_CHECKING:
    from costtui.store.controls import GatewayKey


def hard_budgets(config: Config) -> tuple[Budget, ...]:
    """Those that refuse requests, or would if they were not in shadow mode."""
    return tuple(budget for budget in config.budgets if budget.hard)


def desk_for(
    desk: AdmissionDesk | None,
    config: Config,
    keys: Iterable["GatewayKey"],
    state_dir: Path,
    ledger: LedgerWriter,
    clock_ms: Callable[[], int],
) -> AdmissionDesk | None:
    """The desk of a configuration, made out of the one before; None without hard budgets.

    Raises StoreError where what was spent cannot be read.
    """
    budgets, zone = hard_budgets(config), config.host.timezone
    if not budgets:
        return None
    named = [(key.key_id, key.name) for key in keys]
    boot = boot_id()
    kept = {} if desk is None else _kept(desk.covering.all, budgets)
    new = [budget for budget in budgets if budget.name not in kept]
    opened = open_accounts(
        new, state_dir, keys=named, zone=zone, now_ms=clock_ms(), boot=boot, shared=ledger.others_live
    )
    for budget in budgets:
        if budget.name in kept:
            kept[budget.name].budget = budget
    by_name = kept | {account.budget.name: account for account in opened}
    covering = Covering([by_name[budget.name] for budget in budgets])
    covering.take_keys(named)
    if desk is None:
        return AdmissionDesk(covering, ledger, Lessee(ledger, clock_ms, boot), clock_ms, zone)
    desk.take(covering, opened, zone)
    return desk


def _kept(accounts: Sequence[Account], budgets: Sequence[Budget]) -> dict[str, Account]:
    """Accounts that go on: what they count, and over what time, is as it was."""
    counted: Mapping[str, Budget] = {budget.name: budget for budget in budgets}
    return {
        account.budget.name: account
        for account in accounts
        if account.budget.name in counted and _same(account.budget, counted[account.budget.name])
    }


def _same(one: Budget, other: Budget) -> bool:
    return (one.scope, one.window, one.covers, one.shadow) == (other.scope, other.window, other.covers, other.shadow)
