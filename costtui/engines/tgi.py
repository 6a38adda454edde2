"""Hugging Face Text Generation Inference; its only token totals are the sums of two histograms."""

from costtui.domain.reading import EngineReading
from costtui.engines.exposition import Families, scan

PROMPT = b"tgi_request_input_length_sum"
OUTPUT = b"tgi_request_generated_tokens_sum"
RUNNING = b"tgi_batch_current_size"
WAITING = b"tgi_queue_size"
HELD = b"tgi_batch_current_max_tokens"
LIMIT = b"tgi_batch_max_total_tokens"
_WANTED = (PROMPT, OUTPUT, RUNNING, WAITING, HELD, LIMIT)


def parse(body: bytes, at_ms: int) -> EngineReading | None:
    """A reading; None when the body is no TGI's. Tokens count when their request ends."""
    found = scan(body, _WANTED)
    if not found.any_of(b"tgi_"):
        return None
    return EngineReading(
        at_ms,
        input_tokens=found.count(PROMPT),
        output_tokens=found.count(OUTPUT),
        running=found.count(RUNNING),
        waiting=found.count(WAITING),
        kv_usage_ratio=_kv(found),
    )


def _kv(found: Families) -> float | None:
    held, limit = found.count(HELD), found.count(LIMIT)
    return held / limit if held is not None and limit and held <= limit else None
