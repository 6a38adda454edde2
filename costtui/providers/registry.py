"""Every provider's file, found by itself: a new one is one more file with a `PROVIDER`."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from costtui.providers.contract import Provider

_OWN = ("buckets", "contract", "exchange", "look", "registry", "rows", "walk")


@cache
def providers() -> dict[str, Provider]:
    """By name, in the order of the alphabet."""
    package = import_module("costtui.providers")
    names = sorted(found.name for found in iter_modules(package.__path__) if found.name not in _OWN)
    found = (getattr(import_module(f"costtui.providers.{name}"), "PROVIDER") for name in names)  # noqa: B009 - a module's
    return {provider.name: provider for provider in found}
