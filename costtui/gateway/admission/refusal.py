"""What a client is told that cannot be paid for: which budget, how much of it is gone, when it opens, what to do."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from costtui.dialects.refusals import Refusal
from costtui.domain.budget import AtLimit
from costtui.domain.money import NANO_PER_USD
from costtui.policy.account import Account

RETRIED_SECONDS = 60
"""A client's library waits no longer than this by itself."""


class BudgetRefusal(Refusal):
    """With the time after which it is worth asking again, and where else the budget would have the request go."""

    instead: tuple[str, ...] = ()
    moved = ""
    """Why it goes there."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        *,
        retry_after_seconds: int | None = None,
        details: dict[str, object] | None = None,
    ) -> None:
        super().__init__(status, message, code)
        self.details = details
        self.headers = _headers(retry_after_seconds)


def _headers(seconds: int | None) -> bytes:
    """`retry-after`; and to OpenAI's and Anthropic's libraries that asking again at once is of no use."""
    hopeless = b"" if seconds is not None and seconds <= RETRIED_SECONDS else b"x-should-retry: false\r\n"
    return hopeless if seconds is None else b"retry-after: %d\r\n%b" % (seconds, hopeless)


def over(account: Account, nano: int, now_ms: int, zone: ZoneInfo) -> BudgetRefusal:
    """The request's worst case does not fit into what is left: 429 where that passes, 402 where it does not."""
    ends_ms = account.ends_ms
    seconds = None if ends_ms is None else max(1, -(-(ends_ms - now_ms) // 1000))
    remedy = _remedy(account)
    message = f"{_standing(account, zone)}; this request may cost up to {usd(nano)}. {remedy}"
    return BudgetRefusal(
        402 if ends_ms is None else 429,
        message,
        "budget_exceeded",
        retry_after_seconds=seconds,
        details=_details(account, zone, remedy),
    )


def no_bound(account: Account, zone: ZoneInfo) -> BudgetRefusal:
    """Nobody can say what it costs at most."""
    remedy = (
        "Name a limit of output tokens (max_tokens, max_completion_tokens or max_output_tokens), and send no files,"
        f' stored input or tools that run at the provider; or set budgets.{account.budget.name}.unbounded = "bound"'
    )
    message = f"{_standing(account, zone)}; this request has no upper bound of its cost. {remedy}"
    return BudgetRefusal(400, message, "no_cost_bound", details=_details(account, zone, remedy))


def no_price(account: Account, target: str, zone: ZoneInfo) -> BudgetRefusal:
    """Nobody knows what the target costs."""
    remedy = f'State it under [prices], or set budgets.{account.budget.name}.unpriced = "allow"'
    message = f"{_standing(account, zone)}; target {target} has no known price. {remedy}"
    return BudgetRefusal(402, message, "no_price", details=_details(account, zone, remedy))


def no_allowance(account: Account, zone: ZoneInfo) -> BudgetRefusal:
    """It covers rent too, and nobody knows how much of that is still due."""
    remedy = "Start the agent, which counts the rent: `costtui agent start`"
    message = f"{_standing(account, zone)}; how much of it is set aside for rent and power is not known. {remedy}"
    return BudgetRefusal(503, message, "budget_unknown", details=_details(account, zone, remedy))


def not_recorded(why: str) -> BudgetRefusal:
    """Spending that cannot be written down is not begun."""
    text = f"a budget with a hard limit cannot be written down just now, so nothing is sent: {why}"
    return BudgetRefusal(503, text, "budget_not_recorded", retry_after_seconds=1)


def _standing(account: Account, zone: ZoneInfo) -> str:
    budget = account.budget
    return (
        f"budget {budget.name} ({budget.scope.text}, {budget.window.text}): limit {usd(account.limit)},"
        f" used {usd(account.settled)}, held {usd(account.held + account.elsewhere)}, resets at {resets(account, zone)}"
    )


def _details(account: Account, zone: ZoneInfo, remedy: str) -> dict[str, object]:
    """The same for programs; amounts are exact numbers of USD."""
    return {
        "budget": account.budget.name,
        "scope": account.budget.scope.text,
        "limit": _number(account.limit),
        "used": _number(account.settled),
        "held": _number(account.held + account.elsewhere),
        "resets_at": None if account.ends_ms is None else resets(account, zone),
        "remedy": remedy,
    }


def _number(nano: int) -> msgspec.Raw:
    return msgspec.Raw(f"{(Decimal(nano) / NANO_PER_USD).normalize():f}".encode())


def resets(account: Account, zone: ZoneInfo) -> str:
    """The end of the window, in the budget's own zone; in words where there is none."""
    if account.ends_ms is None:
        return "no fixed time, little by little" if account.rolling else "no time, it is prepaid"
    at = datetime.fromtimestamp(account.ends_ms / 1000, UTC).astimezone(account.budget.window.zone or zone)
    return at.isoformat(timespec="seconds")


def _remedy(account: Account) -> str:
    first = "Send it to a self-hosted target, wait" if account.budget.at_limit is AtLimit.SELF_HOSTED_ONLY else "Wait"
    until = "" if account.ends_ms is None and not account.rolling else " until then"
    return f"{first}{until}, ask for fewer output tokens, or raise it: costtui budget override {account.budget.name}"


def usd(nano: int) -> str:
    """With as many decimals as it takes to say it exactly, at least two."""
    sign, nano = ("-" if nano < 0 else ""), abs(nano)
    whole, rest = divmod(nano, NANO_PER_USD)
    decimals = f"{rest:09d}".rstrip("0")
    return f"{sign}${whole}.{decimals.ljust(2, '0')}"
