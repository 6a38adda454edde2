"""GPUs and engines of one host at one moment, in every state."""

from decimal import Decimal

import msgspec

from costtui.report.schema import ApiPrice, Engine, Gpu, PerMillion, Process, Slice

NOW_MS = 1_795_431_663_000
"""2026-11-23 11:01:03 UTC, 12:01:03 in Berlin."""
AT = "2026-11-23T11:01:03Z"
GIB = 1024**3
USD = Decimal


def gpu(index: int, state: str, **facts: object) -> Gpu:
    """An H100 at 2.49 $/h since the local midnight, 12 h before: rent 29.88."""
    base = Gpu(
        uuid=f"GPU-{index:08x}",
        index=index,
        name="NVIDIA H100 80GB HBM3",
        state=state,
        since="2026-11-23T07:49:00Z",
        utilization_percent=0,
        capacity_ratio=None,
        memory_used_bytes=0,
        memory_total_bytes=80 * GIB,
        power_watts=70.0,
        temperature_celsius=34,
        energy_joules_today=3_024_000.0,
        usd_per_hour=USD("2.49"),
        rate_source="contract",
        rate_note="",
        rent_usd_today=USD("29.88"),
        idle_seconds_today=0.0,
        idle_usd_today=USD(0),
        lost_usd_today=USD(0),
        seconds_today={state: 43_200.0},
        engine=None,
        reason="",
        processes=(),
    )
    return msgspec.structs.replace(base, **facts)


def engine(name: str, model: str, gpus: tuple[int, ...], state: str, **facts: object) -> Engine:
    """A vLLM server on some of the GPUs."""
    base = Engine(
        name=name,
        kind="vllm",
        url="http://127.0.0.1:8000",
        model=model,
        state=state,
        reason="",
        gpus=tuple(f"GPU-{index:08x}" for index in gpus),
        input_tokens_per_second=2110.0,
        output_tokens_per_second=711.0,
        input_tokens_today=61_400_000,
        output_tokens_today=20_500_000,
        cached_input_tokens_today=12_000_000,
        running=9,
        waiting=0,
        kv_usage_ratio=0.22,
        prefix_cache_hit_ratio=0.31,
        capacity_ratio=0.62,
        capacity_output_tokens_per_second=1147.0,
        usd_per_million_tokens=PerMillion(allocation=USD("1.95"), usage=USD("0.88"), window_seconds=3600.0),
        cheapest_api=ApiPrice(
            provider="novita", model="llama-3.3-70b-instruct", usd_per_million_tokens=USD("0.20"), source="genai-prices"
        ),
        last_hour_usd=USD("4.98"),
        last_hour_at_zero_load_usd=USD("4.60"),
        last_request_at="2026-11-23T11:01:02Z",
    )
    return msgspec.structs.replace(base, **facts)


def eight_gpus() -> tuple[Gpu, ...]:
    """Every state: busy 0-1, low 2, idle loaded 3, empty 4, other 5, LOST 6, unknown 7 with an unknown rate."""
    vllm = (Process(pid=4711, memory_bytes=70 * GIB, owner="llm", command="vllm serve llama"),)
    busy = {"utilization_percent": 93, "memory_used_bytes": 71 * GIB, "power_watts": 612.0, "temperature_celsius": 61}
    return (
        gpu(0, "busy", capacity_ratio=0.62, engine="llama", processes=vllm, **busy),
        gpu(1, "busy", capacity_ratio=0.62, engine="llama", processes=vllm, **busy),
        gpu(2, "low", capacity_ratio=0.12, engine="qwen", memory_used_bytes=66 * GIB, utilization_percent=100),
        gpu(
            3,
            "idle loaded",
            engine="mixtral",
            memory_used_bytes=44 * GIB,
            idle_seconds_today=11_520.0,
            idle_usd_today=USD("7.968"),
        ),
        gpu(
            4,
            "empty",
            since="2026-11-17T08:14:00Z",
            idle_seconds_today=43_200.0,
            idle_usd_today=USD("29.88"),
            mig=(Slice(uuid="MIG-1", name="1g.10gb", memory_used_bytes=GIB, memory_total_bytes=10 * GIB),),
        ),
        gpu(
            5,
            "other",
            memory_used_bytes=23 * GIB,
            reason="alice: python train.py, not LLM serving",
            processes=(Process(pid=99, memory_bytes=23 * GIB, owner="alice", command="python train.py"),),
        ),
        gpu(
            6,
            "lost",
            since="2026-11-23T08:40:00Z",
            utilization_percent=None,
            memory_used_bytes=None,
            power_watts=None,
            temperature_celsius=None,
            processes=None,
            lost_usd_today=USD("5.85"),
            reason="fell off the bus: reset it or reboot",
        ),
        gpu(
            7,
            "unknown",
            usd_per_hour=None,
            rate_source="unknown",
            rate_note="no contract, and no list price for NVIDIA Example",
            rent_usd_today=None,
            idle_usd_today=None,
            lost_usd_today=None,
            reason="41.0 GiB held by processes that cannot be seen (another container?)",
            memory_used_bytes=41 * GIB,
        ),
    )


def engines() -> tuple[Engine, ...]:
    """Three servers: one at work, one hardly, one not."""
    return (
        engine("llama", "meta-llama/llama-3.3-70b", (0, 1), "busy"),
        engine("qwen", "qwen3-32b", (2,), "low", output_tokens_per_second=31.4, cheapest_api=None, running=1),
        engine(
            "mixtral",
            "mistralai/mixtral-8x7b",
            (3,),
            "idle",
            output_tokens_per_second=0.0,
            input_tokens_per_second=0.0,
            running=0,
            last_request_at="2026-11-23T07:49:00Z",
            usd_per_million_tokens=PerMillion(allocation=None, usage=None, window_seconds=3600.0, reason="no tokens"),
        ),
    )
