"""TensorRT-LLM's own server (`trtllm-serve`), with `return_perf_metrics` on."""

from costtui.domain.reading import EngineReading
from costtui.engines.exposition import scan
from costtui.engines.labels import model_names

PROMPT = b"trtllm_prompt_tokens_total"
OUTPUT = b"trtllm_generation_tokens_total"
CACHED = b"trtllm_prompt_cached_tokens_total"
RUNNING = b"trtllm_num_requests_running"
WAITING = b"trtllm_num_requests_waiting"
KV = b"trtllm_kv_cache_utilization"
_WANTED = (PROMPT, OUTPUT, CACHED, RUNNING, WAITING, KV)


def parse(body: bytes, at_ms: int) -> EngineReading | None:
    """A reading; None when the body is no TensorRT-LLM's."""
    found = scan(body, _WANTED)
    if not found.any_of(b"trtllm_"):
        return None
    return EngineReading(
        at_ms,
        input_tokens=found.count(PROMPT),
        output_tokens=found.count(OUTPUT),
        cached_input_tokens=found.count(CACHED),
        running=found.count(RUNNING),
        waiting=found.count(WAITING),
        kv_usage_ratio=found.ratio(KV),
        models=model_names(found.of(RUNNING) or found.of(PROMPT)),
    )
