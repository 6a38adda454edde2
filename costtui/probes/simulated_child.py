"""`python -m costtui.probes.simulated_child INTERVAL PROCESSES URL`: GPUs of a simulated host, as JSON over HTTP."""

import http.client
import json
import sys
import time
from urllib.parse import urlsplit

from costtui.domain.reading import GpuSweep, Problem
from costtui.probes.child import die_with_parent, say, ticks
from costtui.probes.wire import gpu_from_json

PATH = "/simulated/gpus"
TIMEOUT_SECONDS = 2.0


def read(address: str, at_ms: int) -> GpuSweep:
    """One sweep of the simulated host."""
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", PATH)
        gpus = tuple(gpu_from_json(body) for body in json.loads(connection.getresponse().read()))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        return GpuSweep(at_ms, (), None, Problem("driver", f"the simulated host does not answer: {error}", "start it"))
    finally:
        connection.close()
    return GpuSweep(at_ms, gpus, "simulated")


def main() -> int:
    """Sweep until the parent is gone."""
    die_with_parent()
    next_tick = ticks(float(sys.argv[1]), float(sys.argv[2]))
    address = urlsplit(sys.argv[3]).netloc
    say(read(address, int(time.time() * 1000)))
    while True:
        at_ms, _ = next_tick()
        say(read(address, at_ms))


if __name__ == "__main__":
    sys.exit(main())
