"""What the gateway carries at that moment: routes and decisions."""

import msgspec

from costtui.report.schema import Decision, Route, Share
from tests.tui.pictures_host import USD


def share(target: str, planned: float | None, measured: float | None, *, hosted: bool = False) -> Share:
    """One target of a route."""
    return Share(target=target, self_hosted=hosted, planned_ratio=planned, measured_ratio=measured, requests=7)


def routes() -> tuple[Route, ...]:
    """One by hand, one as configured, one that nobody asks."""
    return (
        Route(
            name="chat",
            strategy="idle-first",
            targets=("llama", "novita"),
            in_force="weighted",
            shares=(share("llama", 0.9, 0.71, hosted=True), share("novita", 0.1, 0.29)),
            overridden_by="ana",
            overridden_until="2026-11-23T13:04:00Z",
            requests=1_480,
            api_usd_per_hour=USD("1.62"),
            api_usd_per_million_tokens=USD("0.2"),
            ttft_p50_seconds=0.21,
            ttft_p95_seconds=0.44,
        ),
        Route(
            name="code",
            strategy="cheapest",
            targets=("gpt5",),
            in_force="cheapest",
            shares=(share("gpt5", 1.0, 1.0),),
            requests=212,
            api_usd_per_hour=USD("5.49"),
            api_usd_per_million_tokens=USD("1.29"),
            ttft_p50_seconds=0.9,
            ttft_p95_seconds=1.91,
        ),
        Route(
            name="legal",
            strategy="pinned",
            targets=("mixtral",),
            in_force="pinned",
            shares=(share("mixtral", 1.0, None, hosted=True),),
            boundary=("mixtral",),
        ),
    )


def decision(number: int, route: str, target: str, usd: str | None, **facts: object) -> Decision:
    """An attempt that began `number` seconds before the picture."""
    base = Decision(
        id=1_000 - number,
        request=1_000 - number,
        at=f"2026-11-23T11:01:{3 - number:02d}Z",
        route=route,
        target=target,
        provider="openai",
        self_hosted=False,
        model=f"model-of-{target}",
        operation="chat",
        key="k-1a2b",
        user="",
        outcome="ok",
        status=200,
        stream=True,
        input_tokens=1_200,
        output_tokens=380,
        cached_input_tokens=0,
        reasoning_tokens=0,
        usage="reported",
        usd=None if usd is None else USD(usd),
        provenance="unknown" if usd is None else "metered",
        saved_usd=None,
        ttft_seconds=0.31,
        seconds=2.5,
        price_model=target,
        reason=f"weighted: {target} takes 10 of 100",
    )
    return msgspec.structs.replace(base, **facts)


def decisions() -> tuple[Decision, ...]:
    """Metered, estimated, unpriced, refused."""
    return (
        decision(0, "chat", "llama", "0.00001", self_hosted=True, provider="vllm", provenance="accrued"),
        decision(1, "code", "gpt5", "0.01052", provenance="estimated", usage="estimated"),
        decision(2, "chat", "novita", None, provider="gmi"),
        decision(3, "chat", "novita", "0", outcome="refused", status=429, output_tokens=0),
    )
