"""`costtui exporter`: /metrics for Prometheus."""

import contextlib
import signal
import sys
import threading

from costtui.cli.given import Given
from costtui.cli.picture import now_ms

LISTEN = "127.0.0.1:9464"
"""Port 9464 is the usual one of OpenTelemetry's Prometheus exporters."""


def run(given: Given) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    from costtui.exporter.collect import Facts
    from costtui.exporter.serve import address_of, is_loopback, server_for

    address = address_of(given.value("--listen") or LISTEN)
    given.flags()
    given.no_more()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with contextlib.closing(Facts(given.state_dir, now_ms)) as facts, server_for(address, facts) as server:
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        sys.stdout.write(f"costtui exporter: http://{host}:{server.server_address[1]}/metrics\n")
        sys.stdout.flush()
        if not is_loopback(address[0]):
            sys.stderr.write("costtui: everybody who reaches this address can read what is spent here\n")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        ended.wait()
        server.shutdown()
        thread.join()
    return 0
