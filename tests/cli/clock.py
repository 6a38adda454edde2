"""The clock of tests whose other side is a real process with the real clock."""

import time


def now_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000
