"""Asks for leases ahead of need, and lets requests wait for the disk where it is the budget's last tranche."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from costtui.domain.money import NanoUsd
from costtui.policy.account import Account
from costtui.store.ledger.leases import Lease
from costtui.store.ledger.writer import LedgerWriter

EVER_MS = 1 << 62


class _Grant(NamedTuple):
    account: Account
    starts_ms: int
    nano: int


class _Waiter(NamedTuple):
    future: "asyncio.Future[bool]"
    needs: tuple[tuple[Account, int], ...]

    @property
    def served(self) -> bool:
        """A window that began anew may need less than it did."""
        return all(account.granted >= min(nano, account.used) for account, nano in self.needs)


class Lessee:
    """Of one gateway. `boot` is the kernel's, by which a successor tells a power cut from a crash."""

    def __init__(self, ledger: LedgerWriter, clock_ms: Callable[[], int], boot: str) -> None:
        self._ledger = ledger
        self._clock_ms = clock_ms
        self._boot = boot
        self._wanting: dict[Account, None] = {}
        self._waiters: list[_Waiter] = []

    def renew(self, account: Account) -> None:
        """Have its lease go on where it is time; everything of one turn of the loop is asked for together."""
        if account in self._wanting or not account.wants():
            return
        if not self._wanting:
            asyncio.get_running_loop().call_soon(self._ask)
        self._wanting[account] = None

    def wait(self, accounts: Sequence[Account]) -> "asyncio.Future[bool]":
        """Done once all that the accounts have spent and held by now is granted; False: it cannot be written."""
        future = asyncio.get_running_loop().create_future()
        needs = tuple((account, account.used) for account in accounts if account.enforced)
        self._waiters.append(_Waiter(future, needs))
        for account in accounts:
            self.renew(account)
        return future

    def _ask(self) -> None:
        loop, now_ms = asyncio.get_running_loop(), self._clock_ms()
        grants = [_Grant(account, account.starts_ms, account.wanted) for account in self._wanting]
        self._wanting.clear()
        for account, _, nano in grants:
            account.asked = nano
        leases = [self._lease(account, nano, now_ms) for account, _, nano in grants]
        self._ledger.lease(leases, lambda done: _soon(loop, lambda: self._told(grants, done=done)))

    def _told(self, grants: Sequence[_Grant], *, done: bool) -> None:
        for account, starts_ms, nano in grants:
            if account.starts_ms != starts_ms:
                continue
            account.asked = 0
            if done:
                account.granted = max(account.granted, nano)
                account.fit()
        refused = frozenset() if done else frozenset(account for account, _, _ in grants)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if waiter.future.done():
                continue
            if waiter.served:
                waiter.future.set_result(True)
            elif not refused.isdisjoint(account for account, _ in waiter.needs):
                waiter.future.set_result(False)
            else:
                self._waiters.append(waiter)
        for waiter in self._waiters:
            for account, _ in waiter.needs:
                self.renew(account)

    async def reserve(self, accounts: Sequence[Account]) -> None:
        """Have enough for as long as no lease can be had."""
        loop, now_ms = asyncio.get_running_loop(), self._clock_ms()
        answered = asyncio.Event()
        grants = [_Grant(account, account.starts_ms, account.reserve) for account in accounts]
        leases = [self._lease(account, nano, now_ms) for account, _, nano in grants]

        def told(done: bool) -> None:
            self._told(grants, done=done)
            answered.set()

        if leases:
            self._ledger.lease(leases, lambda done: _soon(loop, lambda: told(done)))
            await answered.wait()

    async def close(self, accounts: Sequence[Account]) -> None:
        """Say that all there was to spend is settled; nothing of the leases counts after that."""
        loop, now_ms = asyncio.get_running_loop(), self._clock_ms()
        done = asyncio.Event()
        leases = [self._lease(account, account.granted, now_ms, closed=True) for account in accounts if account.granted]
        if leases:
            self._ledger.lease(leases, lambda _: _soon(loop, done.set))
            await done.wait()

    def _lease(self, account: Account, granted: int, at_ms: int, *, closed: bool = False) -> Lease:
        """As the ledger keeps it. The lease of a rolling window is one for ever, which lasts until all of it has left
        the window."""
        budget = account.budget
        return Lease(
            budget=budget.name,
            starts_ms=0 if account.rolling else account.starts_ms,
            ends_ms=at_ms + budget.window.length_ms if account.rolling else account.ends_ms or EVER_MS,
            granted_nano=NanoUsd(granted),
            settled_nano=NanoUsd(max(account.settled, 0)),
            counted_nano=NanoUsd(account.counted),
            closed=closed,
            epoch=self._ledger.epoch,
            boot=self._boot,
            at_ms=at_ms,
        )


def _soon(loop: asyncio.AbstractEventLoop, work: Callable[[], object]) -> None:
    """From the writing thread; a loop that has ended has nobody to tell."""
    try:
        loop.call_soon_threadsafe(work)
    except RuntimeError:
        return
