"""Advice, what came of it, and a week of idle hours by hand, for the screen that shows them."""

from costtui.analysis.advice import Advice
from costtui.analysis.followed import Promise
from costtui.analysis.idle_hours import IdleSum, Place, by_hour, together
from costtui.domain.money import NanoUsd
from costtui.report.advised import Guidance
from costtui.report.followed import Followed
from costtui.report.idle import IdleGpu, IdleReport

USD = 1_000_000_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
RATE_NANO = 2_490_000_000


def _map(hours: range, days: range) -> dict[Place, IdleSum]:
    return {(day, hour): IdleSum(HOUR_MS, NanoUsd(RATE_NANO)) for day in days for hour in hours}


def _gpu(index: int, serves: str, hours: dict[Place, IdleSum], since_ms: int | None) -> IdleGpu:
    idle = together(hours.values())
    tokens, seller = (idle.nano // 400, "deepinfra") if serves else (None, "")
    return IdleGpu(index, "NVIDIA H100 80GB HBM3", serves, idle, since_ms, tokens, seller, hours, "own")


def idle(at_ms: int, text: str = "llama-3.3-70b") -> IdleReport:
    """GPU 0 idles every night and the weekend's afternoons, GPU 1 always, GPU 2 never; at 2.49 $ an hour."""
    nights = _map(range(8), range(7)) | _map(range(12, 18), range(5, 7))
    always = _map(range(24), range(7))
    gpus = (
        _gpu(1, "mixtral", always, at_ms - 9 * DAY_MS),
        _gpu(0, text, nights, at_ms - 5 * HOUR_MS),
        _gpu(2, "", {}, None),
    )
    whole = together(gpu.sum for gpu in gpus)
    return IdleReport(at_ms - 7 * DAY_MS, at_ms, gpus, by_hour(gpu.hours for gpu in gpus), whole)


def guidance(at_ms: int, text: str = "llama-3.3-70b") -> Guidance:
    """Five pieces, one of them a shift that a screen can open, and two that were followed."""
    return Guidance(
        (
            Advice(
                *("idle-gpu", "mixtral", NanoUsd(1_817 * USD), "high", "stop what is on GPU 1 and give it back"),
                "idle 100% of 168.0 observed GPU hours, 418.32 $ of rent; x 730 h / 168.0 h = 1817.70 $ a month",
            ),
            Advice(
                *("night", text, NanoUsd(612 * USD), "low", "scale it to zero 00:00-08:00 daily"),
                "all its GPUs idle 56 hours of each week; less half an hour each time to stop and start",
            ),
            Advice(
                *("change-seller", text, NanoUsd(90 * USD), "medium", "send it to novita"),
                "paid 30.00 $ in the span, 9.30 $ at novita for the same tokens",
                *("costtui route shift chat novita=100 --for 2h", "chat", (("novita", 100),)),
            ),
            Advice(
                *("stop-endpoint", "huggingface/acme/ep", NanoUsd(30 * USD), "low", "pause it if nobody else asks it"),
                "running at 1.8 $ an hour, x 730 h; the gateway carried no request of it in the span",
                "costtui endpoint pause huggingface/acme/ep",
            ),
            Advice(
                *("unpriced", "gpt-9", None, "high", "say what it costs in [prices]"),
                "attempts of it have no known price and are in no sum",
                "costtui prices gpt-9",
            ),
        ),
        idle(at_ms, text),
        (
            Followed(
                *("chat", Promise(f"change-seller {text}", NanoUsd(100 * USD)), "ana", at_ms - 3 * DAY_MS),
                *(3 * DAY_MS, NanoUsd(20 * USD), NanoUsd(10 * USD), 40_000_000),
            ),
            Followed(
                *("code", Promise("shift-share gpt-oss", NanoUsd(10 * USD)), "bo", at_ms - 2 * DAY_MS),
                *(2 * DAY_MS, NanoUsd(5 * USD), NanoUsd(6 * USD), 1_000_000),
            ),
        ),
        7 * DAY_MS,
    )
