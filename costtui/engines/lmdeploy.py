"""LMDeploy."""

from costtui.domain.reading import EngineReading
from costtui.engines.exposition import scan
from costtui.engines.labels import model_names

PROMPT = b"lmdeploy:prompt_tokens_total"
OUTPUT = b"lmdeploy:generation_tokens_total"
RUNNING = b"lmdeploy:num_requests_running"
WAITING = b"lmdeploy:num_requests_waiting"
KV = b"lmdeploy:gpu_cache_usage_perc"
_WANTED = (PROMPT, OUTPUT, RUNNING, WAITING, KV)


def parse(body: bytes, at_ms: int) -> EngineReading | None:
    """A reading; None when the body is no LMDeploy's. It tells cache hits as a rate only, so they are unknown."""
    found = scan(body, _WANTED)
    if not found.any_of(b"lmdeploy:"):
        return None
    return EngineReading(
        at_ms,
        input_tokens=found.count(PROMPT),
        output_tokens=found.count(OUTPUT),
        running=found.count(RUNNING),
        waiting=found.count(WAITING),
        kv_usage_ratio=found.ratio(KV),
        models=model_names(found.of(RUNNING) or found.of(PROMPT)),
    )
