"""What one attempt may cost at most, over every account that counts it."""

from typing import TYPE_CHECKING

from costtui.domain.charge import Charge
from costtui.gateway.admission.covering import Payer
from costtui.policy.account import Account

if TYPE_CHECKING:
    from costtui.gateway.admission.desk import AdmissionDesk


class Hold:
    """Held from before the attempt is sent until it has ended, however that is."""

    __slots__ = ("accounts", "desk", "nano", "payer", "waits")

    def __init__(self, desk: "AdmissionDesk", payer: Payer, nano: int, accounts: tuple[Account, ...]) -> None:
        self.desk = desk
        self.payer = payer
        self.nano = nano
        self.accounts = accounts
        self.waits = False
        """Whether the disk does not have yet what it needs."""

    def settle(self, charge: Charge | None, *, told: bool) -> None:
        """The attempt ended and is in the ledger with that charge. What the upstream has not told is not known, and
        counts as the worst case. Only the first time counts."""
        in_ledger = 0 if charge is None else sum(charge)
        nano = in_ledger if told and charge is not None else max(self.nano, in_ledger)
        self.desk.settled(self, nano, nano - in_ledger)

    @property
    def mark(self) -> bytes:
        """The header that says how far the fullest budget is spent, once that is worth saying."""
        for account in self.accounts:
            if account.settled + account.held + account.elsewhere >= account.tells_from:
                break
        else:
            return b""
        fullest = max(self.accounts, key=_percent)
        return f"x-costtui-budget: {fullest.budget.name}={_percent(fullest)}%\r\n".encode("ascii", "replace")


def _percent(account: Account) -> int:
    return account.used * 100 // account.limit if account.limit > 0 else 100
