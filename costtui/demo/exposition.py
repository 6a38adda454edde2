"""What a simulated engine says at `/metrics`: vLLM's names, types and labels."""

from costtui.demo.serving import Serving


def exposition(serving: Serving, started_at_seconds: float) -> bytes:
    """The body, as prometheus_client would write it."""
    computed = serving.input_tokens - serving.cached_tokens
    lines = [
        "# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.",
        "# TYPE process_start_time_seconds gauge",
        f"process_start_time_seconds {started_at_seconds!r}",
    ]
    for name, kind, value in (
        ("num_requests_running", "gauge", serving.running),
        ("num_requests_waiting", "gauge", serving.waiting),
        ("kv_cache_usage_perc", "gauge", serving.kv_ratio),
        ("prefix_cache_queries", "counter", serving.input_tokens),
        ("prefix_cache_hits", "counter", serving.cached_tokens),
        ("prompt_tokens", "counter", serving.input_tokens),
        ("prompt_tokens_cached", "counter", serving.cached_tokens),
        ("generation_tokens", "counter", serving.output_tokens),
    ):
        lines += _family(serving, name, kind, (("", value),))
    lines += _family(
        serving,
        "prompt_tokens_by_source",
        "counter",
        (
            (',source="local_compute"', computed),
            (',source="local_cache_hit"', serving.cached_tokens),
            (',source="external_kv_transfer"', 0),
        ),
    )
    sleep = ((',sleep_state="awake"', 1), (',sleep_state="weights_offloaded"', 0), (',sleep_state="discard_all"', 0))
    lines += _family(serving, "engine_sleep_state", "gauge", sleep)
    lines += _family(serving, "request_success", "counter", ((',finished_reason="length"', serving.finished),))
    return ("\n".join(lines) + "\n").encode()


def _family(serving: Serving, name: str, kind: str, samples: tuple[tuple[str, float], ...]) -> list[str]:
    shown = f"vllm:{name}_total" if kind == "counter" else f"vllm:{name}"
    labels = f'engine="0",model_name="{serving.engine.model}"'
    head = [f"# HELP {shown} Simulated.", f"# TYPE {shown} {kind}"]
    return head + [f"{shown}{{{labels}{more}}} {float(value)!r}" for more, value in samples]
