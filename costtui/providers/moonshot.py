"""Moonshot AI (Kimi): its balance.

Shape: platform.moonshot.ai/docs, get-balance. It names no currency: dollars at api.moonshot.ai, yuan at
api.moonshot.cn, where the key of one is refused by the other. An error may come with status 200 and a `code` that is
not 0. There is no billing API.
"""

from costtui.domain.bill import Balance
from costtui.errors import SourceRefused
from costtui.providers.contract import MINUTE, Account, Feed, Page, Provider, Query, Span, bearer
from costtui.providers.exchange import in_dollars
from costtui.providers.look import Look


def _balance(account: Account, _span: Span) -> Query:
    chinese = account.base.endswith(".cn")
    return Query("/v1/users/me/balance", kept=("CNY" if chinese else "USD", dict(account.usd_per_unit)))


def _read(answer: Look, query: Query) -> Page:
    """`available_balance` is what may be spent, vouchers included; cash alone may be negative."""
    if answer.count("code", optional=True) not in (0, None):
        raise SourceRefused("Moonshot AI answered with an error", "check the key and its region: .ai or .cn")
    currency, rates = query.kept if isinstance(query.kept, tuple) else ("USD", {})
    data = answer.at("data")
    return Page((Balance(in_dollars(data, data.number("available_balance"), currency, rates)),))


PROVIDER = Provider(
    name="moonshot",
    title="Moonshot AI",
    base="https://api.moonshot.ai",
    headers=bearer,
    key_kind='an API key; for api.moonshot.cn also url = "https://api.moonshot.cn"',
    feeds=(Feed("balance", "balance", 5 * MINUTE, _balance, _read),),
    scope="account",
)
