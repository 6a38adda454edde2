"""A host of four GPUs over four whole days, every figure of it worked out by hand."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from costtui.config.model import Config, GpuRule, Ownership, Target
from costtui.config.tco import Tco
from costtui.domain.amount import RateSource
from costtui.domain.gpu import GpuState
from costtui.domain.price import TokenPrice
from costtui.domain.terms import GpuTerms, PowerTerms, Rate
from costtui.domain.tick import EngineTick, GpuTick
from costtui.rates.prices import PriceBook
from costtui.store.rows import KnownGpu, Second
from costtui.store.writer import TelemetryWriter

HOUR = 3_600_000
DAYS = 4
END = 1_795_435_200_000
"""2026-11-23 12:00 UTC."""
BEGIN = END - DAYS * 24 * HOUR
RENTED, OWNED = ("GPU-0", "GPU-1"), ("GPU-2", "GPU-3")
RENT = GpuTerms((Rate(0, Decimal("2.50")),), RateSource.CONTRACT, "always", PowerTerms(in_rent=True))
WEAR = GpuTerms(
    (Rate(0, Decimal("0.60"), 2 * END),), RateSource.OWNED, "always", PowerTerms(False, Decimal("0.10"), Decimal("1.4"))
)
LLAMA = Target("llama", engine="vllm", model="meta/llama-70b", gpus=RENTED)
OWNERSHIP = Ownership(Decimal(30_000), Decimal(4), Decimal(20), 0)
CONFIG = Config(
    gpus=(
        GpuRule((2, 3), owned=OWNERSHIP, power=WEAR.power),
        GpuRule("*", rates=RENT.rates),
    ),
    targets=(
        LLAMA,
        Target("gpt5", provider="openai", model="gpt-5"),
    ),
    tco=Tco(staff_fte=Decimal("0.25"), staff_usd_per_fte_year=Decimal(150_000), network_usd_per_month=Decimal(400)),
)
BOOK = PriceBook(
    models={
        "meta/llama-70b": (
            TokenPrice("novita", "llama-70b", Decimal("0.135"), Decimal("0.40")),
            TokenPrice("groq", "llama-70b", Decimal("0.59"), Decimal("0.79")),
        )
    },
    targets={"gpt5": (TokenPrice("openai", "gpt-5", Decimal("1.25"), Decimal(10), Decimal("0.125")),)},
    unpriced={},
    hash="h",
    compiled_ms=0,
    catalogue="",
    reasons={},
    held=(),
    inputs="",
)
PICTURE: dict[str, Any] = {
    "engines": [
        {
            "name": "llama",
            "model": "meta/llama-70b",
            "gpus": list(RENTED),
            "capacity_output_tokens_per_second": Decimal(1_000),
        }
    ]
}


def keep_host(state_dir: Path, *, output_of_day: tuple[int, ...] = (24_000_000,) * DAYS, end_ms: int = END) -> None:
    """Rented GPUs work two fifths of each hour, owned ones hold nothing and draw 100 W. The engine reads three tokens,
    one of which was cached, for each that it writes."""
    begin = end_ms - DAYS * 24 * HOUR
    writer = TelemetryWriter.open(state_dir, now_ms=begin)
    for number, uuid in enumerate((*RENTED, *OWNED)):
        writer.keep_terms(uuid, RENT if uuid in RENTED else WEAR, begin)
        name = "NVIDIA H100 80GB HBM3" if uuid in RENTED else "NVIDIA A100"
        known = KnownGpu(uuid, number, name, begin, end_ms, GpuState.EMPTY, begin)
        writer.record(Second(begin, known=(known,)))
    for hour in range(DAYS * 24):
        start = begin + hour * HOUR
        output = output_of_day[hour // 24] // 24
        worked, rest = 24 * 60_000, 36 * 60_000
        gpus = [_gpu(uuid, start + worked, worked, GpuState.BUSY, 700) for uuid in RENTED]
        gpus += [_gpu(uuid, start + HOUR, rest, GpuState.IDLE_LOADED, 100) for uuid in RENTED]
        gpus += [_gpu(uuid, start + HOUR, HOUR, GpuState.EMPTY, 100) for uuid in OWNED]
        engine = EngineTick("llama", start + HOUR, HOUR, worked, output * 3, output, output)
        writer.record(Second(start + HOUR, tuple(gpus), (engine,)))
    writer.close()


def _gpu(uuid: str, at_ms: int, span_ms: int, state: GpuState, watts: int) -> GpuTick:
    return GpuTick(uuid, at_ms, span_ms, state, 50, 10**9, watts * 1000, 50, watts * span_ms)
