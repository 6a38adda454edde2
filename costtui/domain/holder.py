"""Who held a GPU, and for how long."""

from typing import NamedTuple


class Holder(NamedTuple):
    """A Unix user, in a Slurm job or in none; NOBODY where no process was there, UNKNOWN where its owner was hidden."""

    user: str
    job: str = ""
    """Number of the Slurm job; empty outside of one."""


NOBODY = Holder("", "nobody")
UNKNOWN = Holder("", "unknown")
LOST = Holder("", "lost")
"""No user has an empty name. LOST: the GPU fell off the bus, and what holds it cannot be asked; it is never stored."""


class HolderTick(NamedTuple):
    """How much of a quarter of an hour one holder had of one GPU; several ticks of a quarter add up."""

    uuid: str
    quarter_ms: int
    """Beginning of the quarter, Unix time."""
    holder: Holder
    held_ms: int
