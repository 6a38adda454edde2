"""Names that an engine's labels carry."""

from costtui.domain.clean import clean
from costtui.engines.exposition import Sample

MODELS = 32
"""More models than one engine serves; the rest of a hostile list is not taken."""


def model_names(samples: list[Sample], label: str = "model_name") -> tuple[str, ...]:
    """The distinct models that the samples name, cleaned, in the order in which they came."""
    names = dict.fromkeys(clean(sample.labels[label]) for sample in samples if sample.labels.get(label))
    return tuple(names)[:MODELS]
