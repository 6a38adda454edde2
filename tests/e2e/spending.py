"""A gateway with hard budgets before one upstream."""

import asyncio
import time
from typing import Any

import pytest

from costtui.store.ledger.rows import RecentAttempt
from tests.agent.waiting import eventually
from tests.parts.provider import Provider
from tests.parts.provider_gateway import GatewayProcess
from tests.parts.provider_wire import Wire, many, post

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
TARGETS = """
[targets]
api   = {{ provider = "openai", url = "{url}", model = "gpt-5" }}
mini  = {{ provider = "novita", url = "{url}", model = "gpt-5-mini" }}
vllm  = {{ engine = "vllm", url = "{url}", model = "llama" }}
bare  = {{ provider = "siliconflow", url = "{url}", model = "nobody/prices-this" }}
[routes.chat]
strategy = "weighted"
targets = ["api", "mini", "vllm"]
weights = {{ api = 1 }}
[routes.local]
strategy = "weighted"
targets = ["vllm"]
weights = {{ vllm = 1 }}
[prices]
api  = [{{ from = 2026-01-01, input = 1, output = 10 }}]
mini = [{{ from = 2026-01-01, input = 0.1, output = 1 }}]
[budgets]
"""
"""A request of 10 output tokens to `api` holds (bytes + 1,024) * 1,000 + 100,000 nano-USD and a little."""


class World:
    """A gateway with budgets before one upstream."""

    def __init__(self, api: Provider, folder: Any, budgets: str) -> None:
        self.api = api
        self.gateway = GatewayProcess(folder, self.text(budgets))
        self.gateway.command("prices", "compile")

    def text(self, budgets: str) -> str:
        return TARGETS.format(url=self.api.url) + budgets

    def ask(self, model: str = "chat", path: str = CHAT, **more: object) -> Wire:
        return self.ask_many([body(model, **more)], path)[0]

    def ask_many(self, bodies: list[dict[str, object]], path: str = CHAT, at_a_time: int = 32) -> list[Wire]:
        return asyncio.run(
            many(self.gateway.port, [post(path, each, self.gateway.key) for each in bodies], at_a_time=at_a_time)
        )

    def budget(self, name: str) -> dict[str, int]:
        """As the gateway paints it, newer than now."""
        asked_ms = time.time() * 1000
        eventually(lambda: self.gateway.picture()["at_ms"] > asked_ms, "a newer picture")
        found: dict[str, int] = self.gateway.picture()["budgets"][name]
        return found


def body(model: str = "chat", **more: object) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": "x"}], "max_tokens": 10} | more


def spent(rows: list[RecentAttempt]) -> int:
    return sum(row.attempt.charge.nano for row in rows if row.attempt.charge and not row.lane.self_hosted)


def budgets(text: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("world", [text], indirect=True, ids=["budgets"])
