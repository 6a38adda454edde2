"""What the simulated providers bill: what the demo's gateway metered of them, as the ledger has it, and one thing more.

OpenAI's bill has a second key, which somebody uses past the gateway: the difference that a reconciliation should find.
Novita bills in ten-thousandths of a dollar, so that its days differ by roundings. Anthropic's bill is not read.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from costtui.demo.apis import SimulatedApi
from costtui.demo.web import Answer, Asked
from costtui.domain.money import usd_from_nano
from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.rows import SpendRow

BILLED = ("openai", "novita")
KEY_PREFIX = "simulated-admin-"
"""Of every key that reads bills."""
PROJECT, GATEWAY_KEY, NOTEBOOK_KEY = "proj_demo", "key_gateway", "key_notebook"
NOTEBOOK_PERCENT = 4
"""Of the gateway's output: so much more is made past it."""
PREPAID_NANO = 400_000_000_000
DAY_MS = 86_400_000
MOST_DAYS = 400
FAR_MS = 1 << 42
"""In 2109."""
_PER_USD = 10_000
"""Novita's unit."""
_NO_PAGE: Mapping[str, object] = {"object": "page", "data": [], "has_more": False, "next_page": None}


async def serve(api: SimulatedApi, state_dir: Path | None, asked: Asked, answer: Answer) -> None:
    """Answer one question about a bill."""
    address = urlsplit(asked.path)
    page = _PAGES.get((api.provider, address.path))
    if page is None or asked.method != "GET":
        await answer.send_json({"error": {"message": f"no {address.path} here"}}, 404)
    elif not asked.fields.get("authorization", "").startswith(f"Bearer {KEY_PREFIX}"):
        await answer.send_json({"error": {"message": "this key reads no bills"}}, 401)
    else:
        params = {name: values[-1] for name, values in parse_qs(address.query).items()}
        await answer.send_json(page(_Metered(api.provider, state_dir), params))


def is_billing(path: str) -> bool:
    """Whether a question is about a bill."""
    return path.startswith(("/v1/organization/", "/openapi/"))


class _Metered:
    """One provider's sums in the ledger, by model, in buckets."""

    def __init__(self, provider: str, state_dir: Path | None) -> None:
        self._provider = provider
        self._state_dir = state_dir

    def buckets(self, begins: str | None, ends: str | None, size_ms: int) -> Iterator[tuple[int, SpendRow]]:
        """Each with its beginning, between two moments in Unix seconds."""
        from_ms, until_ms = (int(seconds or 0) * 1_000 // size_ms * size_ms for seconds in (begins, ends))
        if 0 < until_ms - from_ms <= MOST_DAYS * DAY_MS:
            for row in self._rows(from_ms, until_ms, ("provider", "model", "bucket"), size_ms):
                yield int(row.labels[2]), row

    def nano(self) -> int:
        """All that was ever bought."""
        return sum(row.nano or 0 for row in self._rows(0, FAR_MS, ("provider",), 0))

    def _rows(self, from_ms: int, until_ms: int, by: tuple[str, ...], bucket_ms: int) -> list[SpendRow]:
        if self._state_dir is None:
            return []
        with contextlib.closing(LedgerReader(self._state_dir)) as ledger:
            rows = ledger.spend(from_ms, until_ms, by, bucket_ms=bucket_ms)
        return [row for row in rows if row.labels[0] == self._provider and not row.self_hosted and row.nano]


def _costs(metered: _Metered, params: Mapping[str, str]) -> object:
    """OpenAI's page of daily costs."""
    days: dict[int, list[object]] = {}
    for begin_ms, row in metered.buckets(params.get("start_time"), params.get("end_time"), DAY_MS):
        days.setdefault(begin_ms, []).extend(_cost_lines(row))
    buckets = [
        {"object": "bucket", "start_time": day // 1_000, "end_time": (day + DAY_MS) // 1_000, "results": lines}
        for day, lines in sorted(days.items())
    ]
    return {**_NO_PAGE, "data": buckets}


def _cost_lines(row: SpendRow) -> Iterator[object]:
    model, cached = row.labels[1], row.cached_input_tokens
    yield _cost(f"{model}, input_tokens", row.input_nano, row.input_tokens - cached, GATEWAY_KEY)
    yield _cost(f"{model}, cached_input_tokens", row.cached_input_nano, cached, GATEWAY_KEY)
    yield _cost(f"{model}, output_tokens", row.output_nano, row.output_tokens, GATEWAY_KEY)
    if made := row.output_tokens * NOTEBOOK_PERCENT // 100:
        yield _cost(f"{model}, output_tokens", row.output_nano * made // row.output_tokens, made, NOTEBOOK_KEY)


def _cost(item: str, nano: int, tokens: int, key: str) -> object:
    return {
        "object": "organization.costs.result",
        "amount": {"value": f"{usd_from_nano(nano):f}", "currency": "usd"},
        "line_item": item,
        "quantity": tokens,
        "quantity_unit": "tokens",
        "project_id": PROJECT,
        "api_key_id": key,
    }


def _tokens(_metered: _Metered, _params: Mapping[str, str]) -> object:
    """OpenAI's tokens by the minute: none, for the costs count them too."""
    return _NO_PAGE


def _bills(metered: _Metered, params: Mapping[str, str]) -> object:
    """Novita's bills by the day or the hour; of language models alone."""
    if params.get("productCategory") != "llm":
        return {"bills": []}
    size_ms = DAY_MS if params.get("cycleType") == "Day" else 3_600_000
    ends = str(int(params.get("endTime", "0")) + 1)  # what is asked for is the last second
    found = metered.buckets(params.get("startTime"), ends, size_ms)
    return {"bills": [_bill(begin_ms, size_ms, row) for begin_ms, row in found]}


def _bill(begin_ms: int, size_ms: int, row: SpendRow) -> object:
    return {
        "startTime": str(begin_ms // 1_000),
        "endTime": str((begin_ms + size_ms) // 1_000 - 1),
        "productName": row.labels[1],
        "category": "llm",
        "ownerID": GATEWAY_KEY,
        "payAmount": str(_units(row.nano or 0)),
    }


def _balance(metered: _Metered, _params: Mapping[str, str]) -> object:
    """Novita's: a prepaid sum, less all that was ever bought."""
    return {"availableBalance": str(_units(PREPAID_NANO - metered.nano()))}


def _units(nano: int) -> int:
    return round(Decimal(usd_from_nano(nano)) * _PER_USD)


_PAGES: Mapping[tuple[str, str], Callable[[_Metered, Mapping[str, str]], object]] = {
    ("openai", "/v1/organization/costs"): _costs,
    ("openai", "/v1/organization/usage/completions"): _tokens,
    ("novita", "/openapi/v1/billing/bill/list"): _bills,
    ("novita", "/openapi/v1/billing/balance/detail"): _balance,
}
