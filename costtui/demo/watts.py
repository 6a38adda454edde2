"""Power of a simulated H100: about 70 W empty, 120 W with a model resident, up to 650 W at work."""

EMPTY_MW = 70_000
LOADED_MW = 120_000
FULL_MW = 650_000


def engine_power_mw(worked: float, load: float) -> int:
    """`worked` is the part of the time with a request in flight, `load` the part of the decode speed in use.

    A GPU that decodes for one request alone draws about half of what a full batch does.
    """
    share = min(1.0, 0.5 * worked + 0.5 * min(1.0, load))
    return LOADED_MW + int((FULL_MW - LOADED_MW) * share)


def training_power_mw(at_ms: int) -> int:
    """Steps of 90 s, the last six of which write a checkpoint."""
    return 310_000 if at_ms // 1000 % 90 >= 84 else 612_000


def training_energy_mj(from_ms: int, to_ms: int) -> int:
    """Exact integral of `training_power_mw`."""
    return _training_until(to_ms) - _training_until(from_ms)


def _training_until(at_ms: int) -> int:
    steps, rest_ms = divmod(at_ms, 90_000)
    high_ms = steps * 84_000 + min(rest_ms, 84_000)
    return (high_ms * 612_000 + (at_ms - high_ms) * 310_000) // 1000
