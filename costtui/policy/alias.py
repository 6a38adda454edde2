"""What a client may write as `model`, and which plan serves it."""

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from costtui.config.model import Config


def resolve(config: "Config") -> dict[str, str]:
    """Alias to the name of its plan: a route, else a target, else the real model name of exactly one target."""
    counts = Counter(target.model for target in config.targets if target.model is not None)
    models = {target.model: target.name for target in config.targets if target.model and counts[target.model] == 1}
    names = {target.name: target.name for target in config.targets}
    return {**models, **names, **{route.name: route.name for route in config.routes}}
