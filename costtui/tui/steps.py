"""How far one step into the past goes."""

MINUTE_MS = 60_000
_STEPS = ((15, 1), (120, 5), (1_440, 30))
"""Up to so many minutes ago, steps of so many minutes."""
LONG_STEP_MINUTES = 360


def stepped(at_ms: int | None, now_ms: int, way: int) -> int | None:
    """The moment one step older (`way` -1) or newer (1) than `at_ms`, on whole minutes; None is now."""
    latest = now_ms // MINUTE_MS
    ago = 0 if at_ms is None else latest - at_ms // MINUTE_MS
    if way < 0:
        ago += next((step for end, step in _STEPS if ago < end), LONG_STEP_MINUTES)
    else:
        ago -= next((step for end, step in _STEPS if ago <= end), LONG_STEP_MINUTES)
    return (latest - ago) * MINUTE_MS if ago > 0 else None
