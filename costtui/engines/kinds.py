"""The engines that costtui reads, one file each."""

from collections.abc import Callable
from dataclasses import dataclass

from costtui.domain.reading import EngineReading
from costtui.engines import llamacpp, lmdeploy, ollama, sglang, tgi, triton, trtllm, vllm


@dataclass(frozen=True, slots=True)
class EngineKind:
    """How to read one kind of engine."""

    name: str
    default_ports: tuple[int, ...]
    metrics_path: str
    parse: Callable[[bytes, int], EngineReading | None]
    """Turns a body and its time in milliseconds into a reading; None when the body is of another kind."""
    remedy: str
    """What to do when the server answers and has no metrics."""


_ALL = (
    EngineKind("vllm", (8000,), "/metrics", vllm.parse, "check that the address is vLLM's own server"),
    EngineKind("sglang", (30000,), "/metrics", sglang.parse, "SGLang needs --enable-metrics"),
    EngineKind("llamacpp", (8080,), "/metrics", llamacpp.parse, "llama-server needs --metrics"),
    EngineKind("ollama", (11434,), "/api/ps", ollama.parse, "check that the address is Ollama's own server"),
    EngineKind("tgi", (3000, 80), "/metrics", tgi.parse, "check that the address is TGI's router"),
    EngineKind("triton", (8002,), "/metrics", triton.parse, "set metrics_url, usually port 8002 of the same host"),
    EngineKind("trtllm", (8000,), "/prometheus/metrics", trtllm.parse, "trtllm-serve needs return_perf_metrics"),
    EngineKind("lmdeploy", (23333,), "/metrics", lmdeploy.parse, "LMDeploy must not run with metrics disabled"),
)

KINDS = {kind.name: kind for kind in _ALL}
"""By the name that a configuration's `engine` uses."""
