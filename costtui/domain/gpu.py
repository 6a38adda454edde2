"""What a GPU is doing, in the words that the whole product uses."""

from enum import StrEnum


class GpuState(StrEnum):
    """State of one GPU over one interval, from work and not from utilisation alone."""

    BUSY = "busy"
    LOW = "low"
    """serving, but under 30 % of its capacity over a minute"""
    IDLE_LOADED = "idle loaded"
    """a model is resident and nothing asks it"""
    EMPTY = "empty"
    OTHER = "other"
    """held by a process that is no known engine: training, a notebook"""
    LOST = "lost"
    """fell off the bus; its rent is still owed"""
    UNKNOWN = "unknown"


IDLE_STATES = (GpuState.IDLE_LOADED, GpuState.EMPTY)
"""The states whose rent is idle burn; unknown and unobserved never are."""
