"""A million requests through one gateway: memory, descriptors and threads must stay where they are."""

from pathlib import Path
from typing import Any

from tests.bench.gateway.machine import Load, descriptors, rss_mib
from tests.bench.gateway.requests import request
from tests.bench.gateway.subjects import Subject

STEPS = 20
WARM_STEPS = 4
"""Until then caches of names, lanes and heads fill."""


def soak(load: Load, subject: Subject, requests: int) -> dict[str, Any]:
    """RSS slope in MiB per 100,000 requests after the first fifth, and what is open before and after."""
    seen: list[dict[str, float]] = []
    text, step = request(subject.models["whole"], subject.headers), max(requests // STEPS, 1)
    failed = 0
    for number in range(STEPS):
        said = load(subject.ports["whole"], text, connections=64, seconds=3600, limit=step)
        failed += said["bad"] + said["lost"] + said["unanswered"]
        seen.append({"requests": (number + 1) * step, **_state(subject.pid)})
        print(seen[-1], flush=True)
    steady = seen[WARM_STEPS:]
    points = [(each["requests"] / 100_000, each["rss_mib"]) for each in steady]
    return {
        "requests": STEPS * step,
        "not_answered_200": failed,
        "rss_mib_per_100k": round(_slope(points), 3),
        "rss_mib": [round(each["rss_mib"], 1) for each in seen],
        "descriptors": [each["descriptors"] for each in seen],
        "threads": [each["threads"] for each in seen],
    }


def _state(pid: int) -> dict[str, float]:
    threads = sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())
    return {"rss_mib": rss_mib(pid), "descriptors": descriptors(pid), "threads": threads}


def _slope(points: list[tuple[float, float]]) -> float:
    """Least squares."""
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0
