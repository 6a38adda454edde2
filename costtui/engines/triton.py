"""Triton with the TensorRT-LLM backend; it counts no tokens, so those are unknown."""

from costtui.domain.reading import EngineReading
from costtui.engines.exposition import Families, Sample, scan
from costtui.engines.labels import model_names

REQUESTS = b"nv_trt_llm_request_metrics"
WAITING = b"nv_inference_pending_request_count"
BLOCKS = b"nv_trt_llm_kv_cache_block_metrics"
_WANTED = (REQUESTS, WAITING, BLOCKS)


def parse(body: bytes, at_ms: int) -> EngineReading | None:
    """A reading; None when the body is no Triton's."""
    found = scan(body, _WANTED)
    if not found.any_of(b"nv_"):
        return None
    return EngineReading(
        at_ms,
        running=found.count(REQUESTS, where=_is_active),
        waiting=found.count(WAITING),
        kv_usage_ratio=_kv(found),
        models=model_names(found.of(REQUESTS), "model"),
    )


def _is_active(sample: Sample) -> bool:
    return sample.labels.get("request_type") == "active"


def _kv(found: Families) -> float | None:
    used, most = _blocks(found, "used"), _blocks(found, "max")
    return used / most if used is not None and most and used <= most else None


def _blocks(found: Families, kind: str) -> int | None:
    return found.count(BLOCKS, where=lambda sample: sample.labels.get("kv_cache_block_type") == kind)
