"""Where accounts stand when a gateway starts, or when a budget is new: by the ledger's sums and the last lease."""

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from costtui.domain.budget import Budget
from costtui.errors import StoreError
from costtui.gateway.admission.covering import Covering, Payer
from costtui.policy.account import Account
from costtui.store.ledger.leases import Lease, last_lease
from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.rows import SpendRow

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
AHEAD_MS = 3_660 * DAY_MS
"""A clock that was wrong by more than ten years is not believed."""
_PAYER = ("route", "key_id", "provider", "model", "tag")


def boot_id() -> str:
    """Of the running kernel: another one means that what was not on the disk is gone. Empty where it has none."""
    with contextlib.suppress(OSError):
        return BOOT_ID.read_text().strip()
    return ""


def open_accounts(
    budgets: Iterable[Budget],
    state_dir: Path,
    *,
    keys: Iterable[tuple[str, str]],
    zone: ZoneInfo,
    now_ms: int,
    boot: str,
    shared: bool,
) -> list[Account]:
    """An account for each of `budgets`. `shared`: a predecessor that is still at work has what its leases say.

    Raises StoreError where the ledger cannot be read: what was spent is not known then.
    """
    accounts = [Account(budget, budget.limit, *budget.window.span(now_ms, zone)) for budget in budgets]
    if not accounts:
        return []
    covering = Covering(accounts)
    covering.take_keys(keys)
    later_ms = -(-(now_ms + 1) // MINUTE_MS) * MINUTE_MS  # windows end with a minute
    with contextlib.closing(LedgerReader(state_dir)) as reader:
        if not reader.readable():
            raise StoreError(f"{state_dir}: what was spent of the budgets cannot be read; run costtui verify")
        ahead = (
            reader.spend(later_ms, later_ms + AHEAD_MS, (*_PAYER, "bucket"), bucket_ms=MINUTE_MS) if accounts else []
        )
        sums: dict[tuple[int, int], list[SpendRow]] = {}
        for account in accounts:
            size_ms = _bucket_ms(account)
            span = account.starts_ms, size_ms
            if span not in sums:
                by = (*_PAYER, "bucket") if size_ms else _PAYER
                sums[span] = reader.spend(account.starts_ms, later_ms, by, bucket_ms=size_ms)
            lease = last_lease(state_dir, account.budget.name, 0 if account.rolling else account.starts_ms)
            spent = _spent(account, covering, sums[span], now_ms, _bucket_ms(account))
            begin(account, spent, lease, now_ms, boot, shared=shared)
            _look_ahead(account, _spent(account, covering, ahead, later_ms + AHEAD_MS, MINUTE_MS))
    return accounts


def _look_ahead(account: Account, spent: Sequence[tuple[int, int]]) -> None:
    """What was spent before the clock was put back: of a sum without an end it is spent, of a calendar's window once
    that comes again."""
    if account.ends_ms is not None:
        account.ahead = spent
        return
    for at_ms, nano in spent:
        account.spend(nano, at_ms)


def begin(
    account: Account, spent: Sequence[tuple[int, int]], lease: Lease | None, now_ms: int, boot: str, *, shared: bool
) -> None:
    """`spent` by moment, as the ledger sums it, and the last lease.

    An open lease of another boot was cut off by a power cut: all of it counts. One of a predecessor that is still at
    work is set aside.
    """
    for at_ms, nano in spent:
        account.spend(nano, at_ms)
    if lease is None or lease.ends_ms <= now_ms:
        return
    counted = int(lease.counted_nano)
    if shared:
        account.elsewhere = max(0, lease.granted_nano - account.settled - counted)
    elif not lease.closed and lease.boot != boot:
        counted = max(counted, lease.granted_nano - account.settled)
    account.counted += counted
    account.spend(counted, now_ms)


def _bucket_ms(account: Account) -> int:
    """A rolling window must know when what was spent leaves it: to a two-hundredth of its length or better, at what
    the ledger keeps for so long."""
    if not account.rolling:
        return 0
    length_ms = account.budget.window.length_ms
    if length_ms <= DAY_MS:
        return MINUTE_MS
    return 15 * MINUTE_MS if length_ms <= 31 * DAY_MS else HOUR_MS


def _spent(
    account: Account, covering: Covering, rows: Iterable[SpendRow], now_ms: int, size_ms: int
) -> list[tuple[int, int]]:
    """(moment, nano-USD) in order of time; a bucket counts as if all of it had been spent at its end."""
    found: dict[int, int] = {}
    for row in rows:
        if row.self_hosted or row.nano is None or account not in covering.of(Payer._make(row.labels[:5])):
            continue
        at_ms = min(int(row.labels[5]) + size_ms - 1, now_ms) if size_ms else now_ms
        found[at_ms] = found.get(at_ms, 0) + row.nano
    return sorted(found.items())
