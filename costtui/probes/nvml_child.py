"""`python -m costtui.probes.nvml_child INTERVAL PROCESSES`: the only process that talks to the NVIDIA driver.

A call that hangs in the driver cannot be ended from within its process, so the agent does not make any itself.
It ends after a failed start: a driver upgrade needs a fresh process, and the parent starts one after a while.
"""

import sys
import time

import pynvml

from costtui.domain.reading import GpuSweep
from costtui.probes.child import die_with_parent, say, ticks
from costtui.probes.nvml_driver import Driver

REOPEN_SECONDS = 30.0
"""Between two tries to bring a lost GPU back; recovery is promised within a minute."""


def main() -> int:
    """Sweep until the parent is gone or the driver cannot be opened."""
    die_with_parent()
    driver = Driver(pynvml)
    next_tick = ticks(float(sys.argv[1]), float(sys.argv[2]))
    problem = driver.open()
    first, opened = True, time.monotonic()
    while problem is None:
        at_ms, due = (int(time.time() * 1000), True) if first else next_tick()
        first = False
        sweep = driver.sweep(at_ms, with_processes=due)
        say(sweep)
        if any(gpu.lost for gpu in sweep.gpus) and time.monotonic() - opened > REOPEN_SECONDS:
            problem, opened = driver.reopen(), time.monotonic()
    say(GpuSweep(int(time.time() * 1000), (), driver.version, problem))
    return 3


if __name__ == "__main__":
    sys.exit(main())
