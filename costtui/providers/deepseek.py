"""DeepSeek: its balance, in dollars or yuan.

Shape: api-docs.deepseek.com, get-user-balance. There is no billing API: what is spent is metered only. How old the
balance may be is not documented.
"""

from costtui.domain.bill import Balance
from costtui.providers.contract import MINUTE, Account, Feed, Page, Provider, Query, Span, bearer
from costtui.providers.exchange import in_dollars
from costtui.providers.look import Look


def _balance(account: Account, _span: Span) -> Query:
    return Query("/user/balance", kept=dict(account.usd_per_unit))


def _read(answer: Look, query: Query) -> Page:
    """`total_balance` holds what was granted and what was paid in; one line for each currency."""
    rates = query.kept if isinstance(query.kept, dict) else {}
    rows = []
    for info in answer.each("balance_infos"):
        currency, amount = info.text("currency"), info.number("total_balance")
        rows.append(Balance(in_dollars(info.at("currency"), amount, currency, rates), currency or ""))
    return Page(tuple(rows))


PROVIDER = Provider(
    name="deepseek",
    title="DeepSeek",
    base="https://api.deepseek.com",
    headers=bearer,
    key_kind="an API key",
    feeds=(Feed("balance", "balance", 5 * MINUTE, _balance, _read),),
    scope="account",
)
