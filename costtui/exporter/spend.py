"""What the ledger holds, as counters: tokens by OpenTelemetry's GenAI names, money under costtui's own."""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, Metric

from costtui.domain.clean import clean
from costtui.domain.money import NANO_PER_USD
from costtui.exporter.names import Names
from costtui.store.ledger.rows import SpendRow

BY = ("provider", "model", "operation", "route", "target", "key_id")
LABELS = ("gen_ai_provider_name", "gen_ai_request_model", "gen_ai_operation_name", "costtui_route", "costtui_target")
LANES_MOST = 28
"""Label sets of the ledger; each makes 14 series."""
KEYS_MOST = 30
_OPERATIONS = {"messages": "chat", "responses": "chat", "completions": "text_completion"}
"""What OpenTelemetry calls the paths."""
_MONEY = ("input", "cached_input", "cache_write", "output", "flat")
_PARTS = ("cached_input", "cache_write", "reasoning")

Name = tuple[str, ...]
Sums = dict[str, int]


class SpendFamilies:
    """Turns sums over the whole ledger into families; remembers which names have a label of their own."""

    def __init__(self) -> None:
        self._lanes = Names(LANES_MOST)
        self._keys = Names(KEYS_MOST)

    def lanes(self, rows: Sequence[SpendRow]) -> Iterator[Metric]:
        """Of rows asked by BY."""
        named = [(self._name(row), row) for row in rows]
        yield from _tokens(_summed(named))
        yield from _counts(_summed(named))
        own = [(name, row) for name, row in named if not row.self_hosted]
        yield _money("costtui_api_cost_usd", "Known cost of requests to APIs, by kind of token", _summed(own))
        hosted = [(name, row) for name, row in named if row.self_hosted]
        what = "Share of rent and power that requests to own engines bear; never to be added to the API cost"
        yield _money("costtui_self_hosted_share_usd", what, _summed(hosted))

    def _name(self, row: SpendRow) -> Name:
        provider, model, operation, route, target = (clean(label) for label in row.labels[:5])
        return self._lanes.label((provider, model, _OPERATIONS.get(operation, operation), route, target))

    def keys(self, rows: Sequence[SpendRow]) -> Iterator[Metric]:
        """Of rows asked by BY; APIs alone."""
        sums = _summed(
            [(self._keys.label((clean(row.labels[5]) or "none",)), row) for row in rows if not row.self_hosted]
        )
        cost = CounterMetricFamily("costtui_key_api_cost_usd", "Known API cost by gateway key", labels=("costtui_key",))
        requests = CounterMetricFamily(
            "costtui_key_api_requests", "API requests by gateway key", labels=("costtui_key",)
        )
        for name, held in sums.items():
            if held["known"]:
                cost.add_metric(name, usd(held["nano"]))
            requests.add_metric(name, held["requests"])
        yield cost
        yield requests


def _summed(named: Iterable[tuple[Name, SpendRow]]) -> dict[Name, Sums]:
    sums: dict[Name, Sums] = {}
    for name, row in named:
        held = sums.setdefault(name, dict.fromkeys((*_FIELDS, "nano", "known"), 0))
        for field in _FIELDS:
            held[field] += getattr(row, field)
        held["nano"] += row.nano or 0
        held["known"] += row.nano is not None
    return sums


_FIELDS = (
    *("requests", "attempts", "failed", "unpriced", "cache_hits", "saved_nano"),
    *("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens"),
    *("input_nano", "cached_input_nano", "cache_write_nano", "output_nano", "flat_nano"),
)


def usd(nano: int) -> float:
    """Prometheus knows floats alone; exact to nine decimals up to 9 million dollars."""
    return nano / NANO_PER_USD


def _tokens(sums: dict[Name, Sums]) -> Iterator[Metric]:
    usage = CounterMetricFamily(
        "gen_ai_client_token_usage",
        "Tokens used; input includes what caches read and wrote, output includes reasoning",
        labels=(*LABELS, "gen_ai_token_type"),
    )
    parts = CounterMetricFamily(
        "costtui_token_part", "Tokens that are part of input or output", labels=(*LABELS, "costtui_kind")
    )
    for name, held in sums.items():
        usage.add_metric((*name, "input"), held["input_tokens"])
        usage.add_metric((*name, "output"), held["output_tokens"])
        for kind in _PARTS:
            parts.add_metric((*name, kind), held[f"{kind}_tokens"])
    yield usage
    yield parts


def _counts(sums: dict[Name, Sums]) -> Iterator[Metric]:
    for metric, field, what in (
        ("costtui_requests", "requests", "Requests of clients, counted at their first attempt"),
        ("costtui_attempts", "attempts", "Attempts at upstreams, retries and fallbacks included"),
        ("costtui_failed_attempts", "failed", "Attempts that ended in an error"),
        ("costtui_unpriced_requests", "unpriced", "Attempts whose cost is unknown and in no cost counter"),
    ):
        family = CounterMetricFamily(metric, what, labels=LABELS)
        for name, held in sums.items():
            family.add_metric(name, held[field])
        yield family


def _money(metric: str, what: str, sums: dict[Name, Sums]) -> Metric:
    """Where no cost of a label set is known it has no series: unknown is never 0."""
    family = CounterMetricFamily(metric, what, labels=(*LABELS, "costtui_kind"))
    for name, held in sums.items():
        if held["known"]:
            for kind in _MONEY:
                family.add_metric((*name, kind), usd(held[f"{kind}_nano"]))
    return family
