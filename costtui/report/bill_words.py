"""What is said of a provider's bill, on the screen and in text."""

from decimal import Decimal

from costtui.analysis.reconcile import CAUSES, Part, Reconciliation
from costtui.domain.clean import clean
from costtui.report.bills import ProviderBill
from costtui.report.money import usd
from costtui.report.words import duration, money

SCOPES = {
    "org": "whole organisation",
    "part": "the projects or keys named in [billing]",
    "account": "whole account",
    "key": "this key alone",
    "": "",
}


def age_words(bill: ProviderBill, now_ms: int) -> str:
    """`4m`, `late 2h05`, `stale 3d04h`, `unsupported`, `not read`."""
    if bill.age == "unsupported":
        return "unsupported"
    if bill.read_ms is None:
        return "failed" if bill.problem else "not read"
    age = duration(max(now_ms - bill.read_ms, 0) // 1000)
    return age if bill.age == "fresh" else f"{bill.age} {age}"


def billed_words(bill: ProviderBill) -> str:
    """The month's bill; unknown while it is stale or disputed, however well it was known before."""
    if bill.age == "stale" or bill.disputed:
        return "?"
    return money(bill.billed_usd, more=bill.amountless > 0 and bill.billed_usd is not None)


def signed(part: Part) -> str:
    """`traffic outside the gateway +0.70 $`."""
    if part.nano is None:
        return f"{CAUSES[part.cause]}: ? $"
    amount = usd(part.nano)
    return f"{CAUSES[part.cause]} {'+' if part.nano > 0 else ''}{money(amount)} $"


def verdict(found: Reconciliation) -> str:
    """One sentence about the closed days."""
    if not found.cells:
        return "no closed day yet"
    if found.disputed_factor is not None:
        factor = found.disputed_factor
        times = f"{factor:f} times" if factor > 1 else f"a {1 / factor:f}th of"
        return f"DISPUTED: the bill is about {times} what was metered, every day: a unit is misread, so it is not shown"
    if not found.parts:
        return "both sides agree"
    return "; ".join(signed(part) for part in found.parts)


def notes(bill: ProviderBill) -> list[str]:
    """What else is to be known of it, each in one sentence."""
    said = []
    if bill.problem:
        said.append(f"{bill.problem}: {bill.remedy}" if bill.remedy else bill.problem)
    if bill.missing:
        said.append(f"its answers lack: {', '.join(bill.missing[:5])}")
    if bill.scope == "org":
        said.append(
            "it is the whole organisation's bill: name projects or workspaces in [billing] to compare like with like"
        )
    for item in bill.burning:
        price = "?" if item.usd_per_hour is None else money(item.usd_per_hour)
        said.append(f"{item.name} {item.state}, {item.replicas if item.replicas is not None else '?'} up, {price} $/h")
    for limit in bill.limits:
        state = "?" if limit.enforced is None else "enforced" if limit.enforced else "not enforced"
        name = f" {limit.name}" if limit.name else ""
        said.append(f"its own limit{name}: {money(usd(limit.nano))} $ a {limit.interval}, {state}")
    return [clean(text, 300) for text in said]


def balance_words(bill: ProviderBill) -> str:
    """`12.40`, of several the sum is not taken: the first and how many more."""
    if not bill.balances:
        return "-"
    first = money(usd(bill.balances[0].nano))
    return first if len(bill.balances) == 1 else f"{first} +{len(bill.balances) - 1}"


def difference_usd(found: Reconciliation | None) -> Decimal | None:
    """Billed less metered over the closed days; None where nothing was compared."""
    return None if found is None or not found.cells else usd(found.billed_nano - found.metered_nano)
