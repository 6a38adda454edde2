"""Admission: the worst case of an attempt is held over every budget that counts it before anything is sent.

One thread does all of it without a pause between looking and holding, so nothing comes in between. A gateway without a
budget that refuses anything has no desk and pays nothing for it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from costtui.dialects.bounds import Bounds, bounded, bounds_of
from costtui.dialects.operation import Operation
from costtui.domain.budget import AtLimit
from costtui.domain.card import PriceCard
from costtui.gateway.admission import refusal
from costtui.gateway.admission.bound import Dearest
from costtui.gateway.admission.covering import Covering, Payer, instead
from costtui.gateway.admission.hold import Hold
from costtui.gateway.admission.lessee import Lessee
from costtui.gateway.admission.sending import others
from costtui.gateway.pricing import Priced
from costtui.policy.account import Account
from costtui.store.ledger.holds import SpooledHold
from costtui.store.ledger.writer import LedgerWriter

if TYPE_CHECKING:
    from costtui.domain.attempt import Attempt
    from costtui.gateway.exchange import Exchange

OUTPUT_TOKENS = 4_096
"""What a request that names no limit is given, where a budget says `unbounded = "bound"`."""
CARDS = 1_000
LONGEST_MS = 3_600_000
"""An answer that takes longer may be charged at a price that was not looked at."""
NEWER = frozenset({"openai", "azure"})
COUNT_TOKENS = Operation.COUNT_TOKENS
_STRICTEST = (AtLimit.BLOCK, AtLimit.SELF_HOSTED_ONLY, AtLimit.DOWNGRADE)


class AdmissionDesk:
    """All hard budgets of a gateway. `clock_ms` is Unix time."""

    def __init__(
        self, covering: Covering, ledger: LedgerWriter, lessee: Lessee, clock_ms: Callable[[], int], zone: ZoneInfo
    ) -> None:
        self.covering = covering
        self.zone = zone
        self.open: set[Hold] = set()
        self._ledger = ledger
        self._lessee = lessee
        self._clock_ms = clock_ms
        self._cards: dict[PriceCard, Dearest] = {}
        self._of_others = ledger.watch_others()
        self._soon_ms = clock_ms() + LONGEST_MS

    def take(self, covering: Covering, opened: Sequence[Account], zone: ZoneInfo) -> None:
        """The configuration changed. Accounts that are new take over what is held of what they count."""
        self.covering, self.zone = covering, zone
        for hold in self.open:
            hold.accounts = covering.of(hold.payer)
            for account in hold.accounts:
                if account in opened:
                    account.held += hold.nano
        for account in opened:
            account.fit()

    def limit(self, limits: Mapping[str, int], at_ms: int, aside: Mapping[str, int]) -> None:
        """Limits in force by name, and what is set aside for rent and power as of `at_ms`: what a budget also covers
        is owed whatever requests do, so what is left is theirs."""
        for account in self.covering.all:
            budget = account.budget
            owed: int | None = 0
            if len(budget.covers) > 1:
                owed = aside.get(budget.name) if at_ms >= account.starts_ms or account.rolling else None
            account.unknown = owed is None
            allowed = 0 if owed is None else limits.get(budget.name, budget.limit) - owed
            if allowed != account.limit:
                account.take_limit(allowed)

    # a request

    def admit(self, exchange: "Exchange") -> tuple[Hold | None, bytes]:
        """What is held for the attempt, None where no budget counts it, and the bytes to send. Raises Refusal."""
        payer = self._payer(exchange)
        if payer is None:
            return None, exchange.request()
        self._bound(exchange, payer)
        outgoing = exchange.request()
        return self._hold(exchange, payer), outgoing

    def _payer(self, exchange: "Exchange") -> Payer | None:
        """Whose spending the attempt is; None where no budget counts it: rent is owed anyway, counting is free."""
        address = exchange.address
        if address.self_hosted or exchange.operation is COUNT_TOKENS:
            return None
        payer = tuple.__new__(Payer, (exchange.route, exchange.key_id, address.provider, address.model, exchange.tag))
        return payer if self.covering.of(payer) else None

    def _bound(self, exchange: "Exchange", payer: Payer) -> None:
        """Read what bounds the request, and give it a limit of output where it has none and a budget wants one."""
        asked, body = exchange.unbound or (exchange.asked, exchange.body)
        bounds = exchange.bounds = bounds_of(asked, body)
        if bounds.output_tokens is None and any(
            account.enforced and account.budget.unbounded == "bound" for account in self.covering.of(payer)
        ):
            exchange.unbound = asked, body
            newer = exchange.address.provider in NEWER
            exchange.asked, exchange.body = bounded(asked, OUTPUT_TOKENS, newer=newer)
            exchange.bounds = bounds._replace(output_tokens=OUTPUT_TOKENS)

    def _hold(self, exchange: "Exchange", payer: Payer) -> Hold:
        """Hold what the attempt may cost at most. Raises BudgetRefusal where it cannot be paid for there."""
        accounts = self.covering.of(payer)
        priced = exchange.tables.priced(exchange.address, "")
        nano = self._worst(priced.card, exchange.bounds, len(exchange.body))
        if priced.until_ms < self._soon_ms:
            nano = self._dearer(exchange, priced, nano)
        if nano is None:
            self._refuse_unbounded(exchange, accounts, priced.card)
            nano = 0
        for account in accounts:
            if account.room < nano:
                self._tight(exchange, accounts, nano)
                break
        hold = Hold(self, payer, nano, accounts)
        for account in accounts:
            if not account.hold(nano):
                hold.waits = True
            if account.room < account.half:
                self._lessee.renew(account)
        self.open.add(hold)
        return hold

    async def granted(self, hold: Hold) -> bool:
        """Once the disk has it; False where it cannot be written."""
        return await self._lessee.wait(hold.accounts)

    def write_down(self, exchange: "Exchange", hold: Hold) -> bool:
        """Into the spool, before anything is sent: if this process dies, its successor charges it. False where it
        cannot be written."""
        meter, tables, address = exchange.meter, exchange.tables, exchange.address
        lane = tables.lane(
            exchange.route, address, exchange.operation, exchange.key_id, tables.priced(address, ""), exchange.tag
        )
        row = (meter.attempt_id, exchange.request_id, lane, meter.started_ms, hold.nano)
        return self._ledger.hold(tuple.__new__(SpooledHold, row))

    def unrecorded(self) -> refusal.BudgetRefusal:
        """Why nothing can be sent."""
        trouble = self._ledger.trouble
        return refusal.not_recorded("see the log" if trouble is None else f"{trouble.reason}; {trouble.remedy}")

    def settled(self, hold: Hold, nano: int, beside: int) -> None:
        """Held becomes spent, `beside` of it without being in the ledger."""
        if hold not in self.open:
            return
        self.open.discard(hold)
        at_ms = self._clock_ms()
        for account in hold.accounts:
            account.settle(hold.nano, nano, at_ms)
            account.counted += beside

    def _worst(self, card: PriceCard | None, bounds: Bounds | None, body_bytes: int) -> int | None:
        if card is None or bounds is None:
            return None
        if card.free:
            return 0
        dearest = self._cards.get(card)
        if dearest is None:
            if len(self._cards) >= CARDS:
                self._cards.clear()
            dearest = self._cards[card] = Dearest.of(card)
        return dearest.worst_nano(bounds, body_bytes)

    def _dearer(self, exchange: "Exchange", priced: Priced, nano: int | None) -> int | None:
        """The price changes soon, maybe before the answer's end, by which it is charged."""
        card = exchange.tables.pricing.following(exchange.address.name, priced)
        later = self._worst(card, exchange.bounds, len(exchange.body))
        return None if nano is None or later is None else max(nano, later)

    def _refuse_unbounded(self, exchange: "Exchange", accounts: Sequence[Account], card: PriceCard | None) -> None:
        for account in accounts:
            if card is None and account.budget.unpriced == "allow":
                continue
            account.denied += 1
            if account.enforced and card is None:
                raise refusal.no_price(account, exchange.address.name, self.zone)
            if account.enforced:
                raise refusal.no_bound(account, self.zone)

    def _tight(self, exchange: "Exchange", accounts: Sequence[Account], nano: int) -> None:
        """Some account has not enough room: of its lease, which can be had, or of its limit."""
        self.tick()  # its window may be over since the last look
        full = [account for account in accounts if account.limit - account.used < nano]
        for account in full:
            account.denied += 1
        enforced = [account for account in full if account.enforced]
        if not enforced:
            return
        strictest = min(enforced, key=lambda account: _STRICTEST.index(account.budget.at_limit))
        known = not strictest.unknown
        refused = (
            refusal.over(strictest, nano, self._clock_ms(), self.zone)
            if known
            else refusal.no_allowance(strictest, self.zone)
        )
        present = exchange.address.name
        exchange.denied |= {present}
        refused.instead = instead(strictest, present, others(exchange))
        refused.moved = f"budget {strictest.budget.name} is spent, so not {present}"
        raise refused

    # beside requests

    def tick(self) -> None:
        """Windows that are over, and what other processes settled."""
        now_ms = self._clock_ms()
        self._soon_ms = now_ms + LONGEST_MS
        for account in self.covering.all:
            if account.rolling:
                account.age(now_ms)
            elif account.ends_ms is not None and now_ms >= account.ends_ms:
                account.roll(*account.budget.window.span(now_ms, self.zone))
        while self._of_others:
            self._settled_elsewhere(self._of_others.popleft())
        if not self._ledger.others_live:
            for account in self.covering.all:
                account.alone()
        for account in self.covering.all:
            self._lessee.renew(account)

    def _settled_elsewhere(self, attempt: "Attempt") -> None:
        nano = 0 if attempt.charge is None else attempt.charge.nano
        if nano:
            for account in self.covering.of_lane(self._ledger.named_lane(attempt.lane)):
                account.spend_elsewhere(nano, attempt.started_ms + attempt.duration_ms)

    def troubles(self) -> list[str]:
        """What people should know of budgets that leave nothing to requests whatever these do."""
        return [_nothing_left(each) for each in self.covering.all if len(each.budget.covers) > 1 and each.limit <= 0]

    async def reserve(self) -> None:
        """Before a successor takes the ledger: requests that come meanwhile are served from what is granted now."""
        await self._lessee.reserve([account for account in self.covering.all if account.enforced])

    async def close(self) -> None:
        """Everything is settled."""
        await self._lessee.close([account for account in self.covering.all if account.enforced])


def _nothing_left(account: Account) -> str:
    if account.unknown:
        what = "what it sets aside for rent and power is not known; start the agent"
    else:
        what = f"rent and power alone take all of it and {refusal.usd(-account.limit)} more"
    return f"budget {account.budget.name} pays for no request: {what}"
