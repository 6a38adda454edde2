"""Time to the first byte as a histogram, counted from the exporter's start on."""

from collections.abc import Sequence

from prometheus_client.core import HistogramMetricFamily, Metric

from costtui.domain.clean import clean
from costtui.exporter.names import Names
from costtui.store.ledger.timings import TimingReader

BOUNDS_MS = (50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 30_000)
TARGETS_MOST = 8
LABELS = ("gen_ai_provider_name", "gen_ai_request_model", "costtui_target")


class FirstByteFamily:
    """Reads each committed attempt once, so that late ones are counted too and none is counted twice."""

    def __init__(self, reader: TimingReader) -> None:
        self._reader = reader
        self._names = Names(TARGETS_MOST)
        self._seen = reader.head()
        self._held: dict[tuple[str, ...], list[int]] = {}

    def family(self) -> Metric:
        """With what was committed since the last call."""
        head = self._reader.head()
        if head > self._seen:
            self._take(head)
        self._seen = head
        what = "From the client's request to the first byte of the answer, since the exporter started"
        family = HistogramMetricFamily("gen_ai_server_time_to_first_token_seconds", what, labels=LABELS)
        for name, held in self._held.items():
            family.add_metric(name, _buckets(held), held[-1] / 1000)
        return family

    def _take(self, head: int) -> None:
        for row in self._reader.first_bytes(self._seen, head, BOUNDS_MS):
            name = self._names.label((clean(row.lane.provider), clean(row.lane.model), clean(row.lane.target)))
            held = self._held.setdefault(name, [0] * (len(BOUNDS_MS) + 2))
            for place, count in enumerate((*row.within, row.attempts, row.sum_ms)):
                held[place] += count


def _buckets(held: Sequence[int]) -> list[tuple[str, float]]:
    bounds = [str(bound / 1000) for bound in BOUNDS_MS]
    return [*zip(bounds, held[:-2], strict=True), ("+Inf", held[-2])]
