"""vLLM, with the names of its V0 and V1 engines; engines and data-parallel ranks of one server are summed."""

from costtui.domain.reading import EngineReading
from costtui.engines.exposition import Families, scan
from costtui.engines.labels import model_names

PROMPT = b"vllm:prompt_tokens_total"
OUTPUT = b"vllm:generation_tokens_total"
CACHED = b"vllm:prompt_tokens_cached_total"
BY_SOURCE = b"vllm:prompt_tokens_by_source_total"
RUNNING = b"vllm:num_requests_running"
WAITING = b"vllm:num_requests_waiting"
KV = (b"vllm:kv_cache_usage_perc", b"vllm:gpu_cache_usage_perc")
QUERIES = (b"vllm:prefix_cache_queries_total", b"vllm:gpu_prefix_cache_queries_total")
HITS = (b"vllm:prefix_cache_hits_total", b"vllm:gpu_prefix_cache_hits_total")
SLEEP = b"vllm:engine_sleep_state"
STARTED = b"process_start_time_seconds"
_WANTED = (PROMPT, OUTPUT, CACHED, BY_SOURCE, RUNNING, WAITING, *KV, *QUERIES, *HITS, SLEEP, STARTED)


def parse(body: bytes, at_ms: int) -> EngineReading | None:
    """A reading; None when the body is no vLLM's. Its prompt tokens already include cached ones."""
    found = scan(body, _WANTED)
    if not found.any_of(b"vllm:"):
        return None
    return EngineReading(
        at_ms,
        input_tokens=found.count(PROMPT),
        output_tokens=found.count(OUTPUT),
        cached_input_tokens=_cached(found),
        running=found.count(RUNNING),
        waiting=found.count(WAITING),
        kv_usage_ratio=found.ratio(*KV),
        prefix_cache_queries=found.count(*QUERIES),
        prefix_cache_hits=found.count(*HITS),
        started_at_seconds=found.seconds(STARTED),
        models=model_names(found.of(RUNNING) or found.of(PROMPT)),
        sleeping=_sleeping(found),
    )


def _cached(found: Families) -> int | None:
    if found.of(CACHED) or CACHED in found.damaged:
        return found.count(CACHED)
    return found.count(BY_SOURCE, where=lambda sample: sample.labels.get("source") != "local_compute")


def _sleeping(found: Families) -> bool | None:
    """True when every rank that says so is not awake."""
    awake = [sample.value for sample in found.of(SLEEP) if sample.labels.get("sleep_state") == "awake"]
    return not any(awake) if awake else None
