"""The real agent puts what a gateway wrote into its picture, while both run and when the gateway is gone."""

import time
from decimal import Decimal
from pathlib import Path

from costtui.store.ledger.writer import LedgerWriter
from tests.agent.agents import AgentProcess
from tests.report.test_traffic import gateway_says, lane, paid, settle


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_the_agent_follows_a_ledger_that_appears_and_grows(tmp_path: Path) -> None:
    with AgentProcess(tmp_path, "") as agent:
        agent.start()
        assert agent.status(lambda picture: picture["unknown"] == ["api"])["api"]["today_usd"] is None
        writer = LedgerWriter.open(agent.state_dir, now_ms=now_ms(), clock_ms=now_ms)
        gateway_says(agent.state_dir, now_ms())
        settle(writer, lane(), now_ms(), paid("0.125"))
        assert writer.committed(10)
        first = agent.status(lambda picture: picture["decisions"] and picture["api"]["month_usd"])
        assert first["api"]["month_usd"] == Decimal("0.125")
        assert "api" not in first["unknown"]
        settle(writer, lane(), now_ms(), paid("0.25"))
        assert writer.committed(10)
        writer.close()
        agent.status(lambda picture: picture["api"]["month_usd"] == Decimal("0.375"))
        (agent.state_dir / "gateway.json").unlink()
        gone = agent.status(lambda picture: picture["gateway"]["state"] == "none")
        assert gone["api"]["month_usd"] == Decimal("0.375")
