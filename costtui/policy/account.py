"""One budget in its running window, as the request path needs it: what may still be held, in one comparison."""

from collections import deque
from typing import TYPE_CHECKING

from costtui.domain.budget import Budget
from costtui.domain.money import NanoUsd

if TYPE_CHECKING:
    from collections.abc import Sequence

TRANCHES = 20
"""A lease goes at most a twentieth of the limit ahead."""
TOLD_PERCENT = 80
"""From here on answers say how far a budget is spent."""
BUCKET_MS = 60_000
_UNLEASED = 1 << 62


class Account:
    """A hard budget. Settled and held never exceed the limit, nor what is on the disk as granted."""

    def __init__(self, budget: Budget, limit: NanoUsd, starts_ms: int, ends_ms: int | None) -> None:
        self.budget = budget
        self.enforced = not budget.shadow
        """Whether it refuses anything; one in shadow mode only counts what it would have."""
        self.starts_ms, self.ends_ms = starts_ms, ends_ms
        self.settled = 0
        self.held = 0
        self.elsewhere = 0
        """Granted to a predecessor that is still at work, and not settled by it yet."""
        self.counted = 0
        """Part of `settled` that the ledger's sums lack."""
        self.ahead: Sequence[tuple[int, int]] = ()
        """Moment and nano-USD of what was spent later than now, by a clock that was put back since: a window that it
        belongs to is not a new one when it comes."""
        self.granted = 0 if self.enforced else _UNLEASED
        self.asked = 0
        """The grant that is on its way to the disk."""
        self.denied = 0
        """Requests that it refused, moved, or would have."""
        self.unknown = False
        """It covers rent and power too, and what is due of them is not known: nothing can be paid for."""
        self._spent: deque[tuple[int, int]] | None = deque() if budget.window.kind == "rolling" else None
        """By minute, of a rolling window."""
        self.take_limit(limit)

    def take_limit(self, limit: int) -> None:
        """A new one; what is held stays held."""
        self.limit = limit
        self.tranche = max(limit // TRANCHES, 1)
        self.half = self.tranche // 2 if self.enforced else 0
        self.tells_from = limit * TOLD_PERCENT // 100
        self.fit()

    @property
    def used(self) -> int:
        """Spent, held, or promised to another process."""
        return self.settled + self.held + self.elsewhere

    @property
    def stage(self) -> int:
        """The highest of the budget's stages, in percent, that what is used has reached; 0 before the first."""
        if self.limit <= 0:
            return self.budget.stages[-1]
        return max((stage for stage in self.budget.stages if self.used * 100 >= self.limit * stage), default=0)

    def fit(self) -> None:
        """`room` anew: what a request may take at once."""
        self.room = min(self.limit, self.granted) - self.used

    def hold(self, nano: int) -> bool:
        """Held from now on; whether the lease covers it."""
        self.held += nano
        self.room -= nano
        return self.room >= 0 or not self.enforced

    def settle(self, held_nano: int, nano: int, at_ms: int) -> None:
        """A hold becomes what was spent."""
        self.held -= held_nano
        self.settled += nano
        self.room += held_nano - nano
        if self._spent is not None:
            self._remember(nano, at_ms)

    def spend(self, nano: int, at_ms: int) -> None:
        """Spent, with or without a hold of this process."""
        self.settled += nano
        if self._spent is not None:
            self._remember(nano, at_ms)
        self.fit()

    def spend_elsewhere(self, nano: int, at_ms: int) -> None:
        """A predecessor settled some of what it had."""
        self.elsewhere = max(0, self.elsewhere - nano)
        self.spend(nano, at_ms)

    def alone(self) -> None:
        """No other process settles anything any more."""
        if self.elsewhere:
            self.elsewhere = 0
            self.fit()

    def _remember(self, nano: int, at_ms: int) -> None:
        minute = at_ms // BUCKET_MS
        spent = self._spent
        if spent is not None:
            if spent and spent[-1][0] >= minute:  # of its minute, or by a clock that was put back since
                minute, before = spent.pop()
                nano += before
            spent.append((minute, nano))

    def age(self, now_ms: int) -> None:
        """Let go of minutes that a rolling window has left behind as a whole."""
        spent = self._spent
        if spent is None:
            return
        first = (now_ms - self.budget.window.length_ms) // BUCKET_MS
        while spent and spent[0][0] < first:
            self.settled -= spent.popleft()[1]
        self.fit()

    def roll(self, starts_ms: int, ends_ms: int | None) -> None:
        """The next window: what is held goes with it, nothing is settled yet unless it was open before."""
        self.starts_ms, self.ends_ms = starts_ms, ends_ms
        self.counted = self.denied = self.elsewhere = 0
        self.settled = sum(
            nano for at_ms, nano in self.ahead if at_ms >= starts_ms and (ends_ms is None or at_ms < ends_ms)
        )
        self.granted, self.asked = (0 if self.enforced else _UNLEASED), 0
        self.fit()

    # leases: what is granted is on the disk, and no more than that is spent or held

    @property
    def rolling(self) -> bool:
        """Whether its window moves on by the minute and never ends."""
        return self._spent is not None

    @property
    def wanted(self) -> int:
        """How far the grant should go: a tranche ahead, and in the last tranche no further than what is held."""
        return max(self.used, min(self.used + self.tranche, self.limit - self.tranche))

    @property
    def reserve(self) -> int:
        """How far the grant should go before another process takes over, which takes a second: four tranches, and no
        more than half of what is left, which is the other's."""
        left = max(self.limit - self.used, 0)
        return self.used + min(4 * self.tranche, left // 2)

    def wants(self) -> bool:
        """Whether it is time to ask: somebody waits, or half of the lease is gone."""
        if not self.enforced:
            return False
        wanted, got = self.wanted, max(self.granted, self.asked)
        return wanted > got and (self.used > got or got - self.used < self.half)
