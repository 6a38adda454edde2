"""llama.cpp's own server, started with `--metrics`."""

from costtui.domain.reading import EngineReading
from costtui.engines.exposition import Families, scan

PROMPT = b"llamacpp:prompt_tokens_total"
CACHED = b"llamacpp:prompt_tokens_cached_total"
OUTPUT = b"llamacpp:tokens_predicted_total"
RUNNING = b"llamacpp:requests_processing"
WAITING = b"llamacpp:requests_deferred"
KV = b"llamacpp:kv_cache_usage_ratio"
_WANTED = (PROMPT, CACHED, OUTPUT, RUNNING, WAITING, KV)


def parse(body: bytes, at_ms: int) -> EngineReading | None:
    """A reading; None when the body is no llama.cpp's.

    Its prompt tokens exclude reused ones, which newer builds count apart. Older builds do not: there the input is
    what was processed, and what was reused is unknown. Only they tell the use of the KV cache.
    """
    found = scan(body, _WANTED)
    if not found.any_of(b"llamacpp:"):
        return None
    return EngineReading(
        at_ms,
        input_tokens=_input(found),
        output_tokens=found.count(OUTPUT),
        cached_input_tokens=found.count(CACHED),
        running=found.count(RUNNING),
        waiting=found.count(WAITING),
        kv_usage_ratio=found.ratio(KV),
    )


def _input(found: Families) -> int | None:
    processed, reused = found.count(PROMPT), found.count(CACHED)
    if CACHED not in found.samples and CACHED not in found.damaged:
        return processed
    return None if processed is None or reused is None else processed + reused
