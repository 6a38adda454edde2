"""Runs llama.cpp's server until killed: `python tests/parts/llama_child.py MODEL PORT ALIAS`."""

import signal
import sys

import xllamacpp


def main(model: str, port: int, alias: str) -> None:
    """Serve `model` on 127.0.0.1 with metrics."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.model_alias = {alias}
    parameters.n_ctx = 4096
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.n_parallel = 2
    parameters.cpuparams.n_threads = 1
    parameters.endpoint_metrics = True
    parameters.endpoint_slots = True
    parameters.warmup = False
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    signal.pause()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
