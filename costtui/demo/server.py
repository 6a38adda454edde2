"""The simulated host as a process: `python -m costtui.demo.server`.

It writes one line of JSON to its standard output when it listens: `{"url", "engines": [{"name", "url", "model",
"gpus"}], "apis": [{"name", "url"}]}`; the same is at GET URL/simulated/host, the GPUs at GET URL/simulated/gpus.
"""

import argparse
import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random

from costtui.demo import bills, chat, providers
from costtui.demo.apis import APIS, SimulatedApi
from costtui.demo.exposition import exposition
from costtui.demo.gpus import readings
from costtui.demo.host import ENGINES
from costtui.demo.parent import die_with
from costtui.demo.serving import Serving
from costtui.demo.web import Answer, Asked, listen
from costtui.probes.wire import gpu_to_json


class SimulatedHost:
    """Engines, GPUs and API providers of one run; `clock` gives unix seconds."""

    def __init__(self, clock: Callable[[], float], dice: Random, state_dir: Path | None = None) -> None:
        self._state_dir = state_dir
        self._clock = clock
        self._dice = dice
        self._started = clock()
        self.servings = tuple(Serving(engine, self._started) for engine in ENGINES)
        self.description: dict[str, object] = {}

    async def listen(self, port: int) -> tuple[asyncio.Server, ...]:
        """Open all ports and fill `description`."""
        host, host_port = await listen(self._host, port)
        servers, engines = [host], []
        for serving in self.servings:
            server, engine_port = await listen(partial(self._engine, serving))
            servers.append(server)
            about = serving.engine
            url = f"http://127.0.0.1:{engine_port}/v1"
            engines.append({"name": about.name, "url": url, "model": about.model, "gpus": list(about.gpus)})
        apis = []
        for api in APIS:
            server, api_port = await listen(partial(self._api, api))
            servers.append(server)
            apis.append({"name": api.name, "url": f"http://127.0.0.1:{api_port}/v1"})
        self.description = {"url": f"http://127.0.0.1:{host_port}", "engines": engines, "apis": apis}
        return tuple(servers)

    async def _host(self, asked: Asked, answer: Answer) -> None:
        if asked.path == "/simulated/gpus":
            await answer.send(self._gpus())
        elif asked.path == "/simulated/host":
            await answer.send_json(self.description)
        else:
            await answer.send_json({"error": "not found"}, 404)

    async def _api(self, api: SimulatedApi, asked: Asked, answer: Answer) -> None:
        if bills.is_billing(asked.path):
            await bills.serve(api, self._state_dir, asked, answer)
        else:
            await providers.serve(api, asked, answer, self._dice, self._clock)

    def _gpus(self) -> bytes:
        now = self._clock()
        for serving in self.servings:
            serving.advance(now)
        gpus = readings(self.servings, int(self._started * 1000), int(now * 1000))
        return json.dumps([gpu_to_json(gpu) for gpu in gpus]).encode()

    async def _engine(self, serving: Serving, asked: Asked, answer: Answer) -> None:
        if asked.path == "/metrics":
            serving.advance(self._clock())
            await answer.send(exposition(serving, self._started), "text/plain; version=0.0.4; charset=utf-8")
        elif asked.path == "/v1/models":
            model = {"id": serving.engine.model, "object": "model", "created": int(self._started), "owned_by": "vllm"}
            await answer.send_json({"object": "list", "data": [model]})
        elif asked.path == "/v1/chat/completions" and asked.method == "POST":
            await chat.complete(asked, answer, serving, self._dice, self._clock)
        else:
            await answer.send_json({"error": {"message": "Not Found", "code": 404}}, 404)


async def serve(port: int, seed: int, state_dir: Path | None) -> None:
    """Until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    host = SimulatedHost(time.time, Random(seed), state_dir)  # noqa: S311 - a simulation, not a secret
    servers = await host.listen(port)
    sys.stdout.write(json.dumps(host.description) + "\n")
    sys.stdout.flush()
    await ended.wait()
    for server in servers:
        server.close()


def main(arguments: Sequence[str]) -> None:
    """The command line of the process."""
    parser = argparse.ArgumentParser(prog="python -m costtui.demo.server")
    parser.add_argument("--port", type=int, default=0, help="of /simulated/...; 0: a free one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state-dir", type=Path, help="whose ledger says what the providers bill")
    parser.add_argument("--parent", type=int, help="end when this process does")
    options = parser.parse_args(arguments)
    if options.parent is not None:
        die_with(options.parent)
    asyncio.run(serve(options.port, options.seed, options.state_dir))


if __name__ == "__main__":
    main(sys.argv[1:])
