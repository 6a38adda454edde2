"""SGLang. Scheduler metrics repeat per tensor- and pipeline-parallel rank, token counters do not."""

from costtui.domain.reading import EngineReading
from costtui.engines.exposition import Families, Sample, scan, whole_sum
from costtui.engines.labels import model_names

PROMPT = b"sglang:prompt_tokens_total"
OUTPUT = b"sglang:generation_tokens_total"
CACHED = b"sglang:cached_tokens_total"
RUNNING = b"sglang:num_running_reqs"
WAITING = b"sglang:num_queue_reqs"
KV = b"sglang:token_usage"
BUSY = b"sglang:forward_execution_seconds_total"
STARTED = b"process_start_time_seconds"
_WANTED = (PROMPT, OUTPUT, CACHED, RUNNING, WAITING, KV, BUSY, STARTED)
_COPIES = ("tp_rank", "pp_rank", "moe_ep_rank")


def parse(body: bytes, at_ms: int) -> EngineReading | None:
    """A reading; None when the body is no SGLang's. Its prompt tokens already include cached ones."""
    found = scan(body, _WANTED)
    if not found.any_of(b"sglang:"):
        return None
    usage = [sample.value for sample in _leaders(found, KV)]
    return EngineReading(
        at_ms,
        input_tokens=found.count(PROMPT),
        output_tokens=found.count(OUTPUT),
        cached_input_tokens=found.count(CACHED),
        running=whole_sum(_leaders(found, RUNNING)),
        waiting=whole_sum(_leaders(found, WAITING)),
        kv_usage_ratio=sum(usage) / len(usage) if usage and max(usage) <= 1.0 else None,
        busy_seconds=_busy(found),
        started_at_seconds=found.seconds(STARTED),
        models=model_names(found.of(RUNNING) or found.of(PROMPT)),
    )


def _leaders(found: Families, name: bytes) -> list[Sample]:
    """One sample for each set of ranks that work on the same requests: that of the lowest rank, usually tp_rank 0."""
    lowest: dict[frozenset[tuple[str, str]], Sample] = {}
    for sample in found.of(name):
        group = frozenset(pair for pair in sample.labels.items() if pair[0] not in _COPIES)
        if group not in lowest or _rank(sample) < _rank(lowest[group]):
            lowest[group] = sample
    return list(lowest.values())


def _rank(sample: Sample) -> tuple[tuple[int, str], ...]:
    """Numbers in their own order: "10" comes after "2"."""
    ranks = (sample.labels.get(name, "") for name in _COPIES)
    return tuple((len(rank), rank) for rank in ranks)


def _busy(found: Families) -> float | None:
    """Seconds of the busiest data-parallel rank; its categories add up."""
    ranks: dict[str, float] = {}
    for sample in _leaders(found, BUSY):
        rank = sample.labels.get("dp_rank", "")
        ranks[rank] = ranks.get(rank, 0.0) + sample.value
    return max(ranks.values(), default=None)
