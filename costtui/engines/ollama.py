"""Ollama: its releases have no metrics, only `/api/ps`, which says what is resident and nothing about work."""

import json

from costtui.domain.clean import clean
from costtui.domain.reading import EngineReading
from costtui.engines.labels import MODELS


def parse(body: bytes, at_ms: int) -> EngineReading | None:
    """A reading; None when the body is no answer of `/api/ps`.

    Tokens and running requests are unknown, so an Ollama that serves is never called idle. Without a resident
    model it holds no GPU memory, which counts as sleeping.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    models = answer.get("models") if isinstance(answer, dict) else None
    if not isinstance(models, list) or not all(_is_resident(model) for model in models):
        return None
    names = tuple(clean(model["name"]) for model in models[:MODELS])
    return EngineReading(at_ms, models=names, sleeping=not names)


def _is_resident(model: object) -> bool:
    """What tells `/api/ps` from other lists of models: each is loaded somewhere."""
    return isinstance(model, dict) and isinstance(model.get("name"), str) and "size_vram" in model
