"""`python -m tests.bench.gateway`: costtui's gateway beside nginx, HAProxy and whichever peers are given.

Anchor on CPU per request and on ratios, which are formed inside one round; rates and latencies carry the machine's
noise. Two cores are used: 0 for load and upstream, 1 for whatever is measured.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from tests.bench.gateway import subjects as known
from tests.bench.gateway.machine import Load, build, pss_mib
from tests.bench.gateway.rounds import Bench
from tests.bench.gateway.soak import soak
from tests.bench.gateway.subjects import PEERS, Subject
from tests.bench.gateway.table import as_json, markdown
from tests.bench.gateway.upstreams import Upstreams

LOAD_CORE = 0


def main() -> None:
    """Measure and print."""
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as name:
        folder = Path(name)
        build(folder)
        with Upstreams(folder, LOAD_CORE, secure=known.installed("nginx")) as upstreams:
            found = _subjects(given, folder, upstreams)
            try:
                _measure(given, folder, upstreams, found)
            finally:
                for subject in found:
                    subject.stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gateway", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each test in each round")
    parser.add_argument("--cold", type=int, default=5, help="cold starts of each subject")
    parser.add_argument("--peer", action="append", default=[], help="litellm=PROGRAM or portkey=start-server.js")
    parser.add_argument("--without", action="append", default=[], help="costtui, nginx or haproxy")
    parser.add_argument("--twice", action="store_true", help="HAProxy a second time: how much of a ratio is noise")
    parser.add_argument("--soak", type=int, help="so many requests through costtui alone, instead of everything else")
    return parser.parse_args()


def _subjects(given: argparse.Namespace, folder: Path, upstreams: Upstreams) -> list[Subject]:
    where = (upstreams.port, upstreams.secure_port, upstreams.ca)
    if given.soak:
        return [known.costtui(folder, *where)]
    found = []
    if known.installed("nginx") and "nginx" not in given.without:
        found.append(known.nginx(folder, *where))
    if known.installed("haproxy") and "haproxy" not in given.without:
        found.append(known.haproxy(folder, *where))
        if given.twice:
            found.append(known.haproxy(folder, *where, name="haproxy-2"))
    if "costtui" not in given.without:
        found.append(known.costtui(folder, *where))
    for peer in given.peer:
        name, _, program = peer.partition("=")
        found.append(PEERS[name](program, folder, upstreams.port))
    return found


def _measure(given: argparse.Namespace, folder: Path, upstreams: Upstreams, found: list[Subject]) -> None:
    load = Load(folder, LOAD_CORE)
    bench = Bench(load, found, upstreams.port, given.seconds)
    for _ in range(0 if given.soak else given.cold - 1):
        for subject in found:
            bench.results.add(subject.name, "cold start s", subject.start(folder))
            subject.stop()
    for subject in found:
        bench.results.add(subject.name, "cold start s", subject.start(folder))
        time.sleep(0.5)
        bench.results.add(subject.name, "PSS MiB idle", pss_mib(subject.pid))
    if given.soak:
        print(json.dumps(soak(load, found[0], given.soak)))
        return
    bench.run(given.rounds)
    print(markdown(bench.results, to=("nginx", "costtui")))
    print(as_json(bench.results))


if __name__ == "__main__":
    main()
