"""What a scrape says, as a mapping."""

from collections.abc import Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from costtui.exporter.collect import Facts

Sample = tuple[str, tuple[tuple[str, str], ...]]


def scraped(facts: Facts) -> dict[Sample, float]:
    """Every sample of one scrape; each may be there once."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(facts)
    return parsed(generate_latest(registry).decode())


def parsed(text: str) -> dict[Sample, float]:
    found: dict[Sample, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found, f"{key} twice"
            found[key] = sample.value
    return found


def figure(samples: Mapping[Sample, float], name: str, **labels: str) -> float | None:
    """The one sample that has these labels; None where there is none."""
    hits = [value for (each, given), value in samples.items() if each == name and labels.items() <= dict(given).items()]
    assert len(hits) < 2, f"{name} {labels}: {len(hits)} samples"
    return hits[0] if hits else None


def facts_of(state_dir: Path, now_ms: int) -> Facts:
    """An exporter whose clock stands still."""
    return Facts(state_dir, lambda: now_ms)
