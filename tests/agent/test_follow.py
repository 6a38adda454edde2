"""What the agent follows beside its sources: the user's price list, and where the ledger's chain stands."""

import time
from decimal import Decimal
from pathlib import Path

from costtui.rates.prices import PriceBook
from costtui.store.ledger.anchors import read_head
from costtui.store.ledger.witness import witnessed_heads
from costtui.store.ledger.writer import LedgerWriter
from tests.agent.agents import AgentProcess
from tests.agent.waiting import eventually
from tests.report.test_traffic import lane, paid, settle

CONFIG = """
[targets]
kimi = { provider = "gmi", model = "moonshotai/Kimi-K2.6", key = "env:NOBODY" }
"""
OWN = """
[[price]]
provider = "gmi"
model = "moonshotai/Kimi-K2.6"
from = 2026-01-01
input = {input}
output = 2
"""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_an_edit_of_the_users_price_list_is_compiled_without_a_restart(tmp_path: Path) -> None:
    def price() -> Decimal | None:
        book = PriceBook.load(agent.state_dir)
        found = None if book is None else book.price_of("kimi", now_ms())
        return None if found is None else found.input

    with AgentProcess(tmp_path, CONFIG) as agent:
        (tmp_path / "prices.toml").write_text(OWN.format(input="0.5"))
        agent.start()
        eventually(lambda: price() == Decimal("0.5"))
        (tmp_path / "prices.toml").write_text(OWN.format(input="0.6"))
        agent.shift(11)
        eventually(lambda: price() == Decimal("0.6"))


def test_the_agent_writes_down_each_minute_where_the_ledger_stands(tmp_path: Path) -> None:
    with AgentProcess(tmp_path, "") as agent:
        agent.start()
        agent.status(lambda picture: True)
        writer = LedgerWriter.open(agent.state_dir, now_ms=now_ms(), clock_ms=now_ms)
        settle(writer, lane(), now_ms(), paid("0.125"))
        assert writer.committed(10)
        writer.close()
        agent.shift(61)
        eventually(lambda: witnessed_heads(agent.state_dir) == [read_head(agent.state_dir)])
