"""What the agent costs: `python -m tests.bench.agent_cost [--seconds 30] [--profile FILE]`.

Eight GPUs of the stand-in for the driver's library, four of them held by two engines; two static servers of vLLM's
size in a process of their own, the agent as a process, CPU and memory of the agent and its children from /proc.
Prints JSON.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.parts.nvml import compile_library

SERVER = """
import asyncio, sys
body = open(sys.argv[1], "rb").read()
head = f"HTTP/1.1 200 OK\\r\\ncontent-type: text/plain\\r\\ncontent-length: {len(body)}\\r\\n\\r\\n".encode()
async def serve(reader, writer):
    try:
        while await reader.readuntil(b"\\r\\n\\r\\n"):
            writer.write(head + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    for _ in range(2):
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
CONFIG = """
[[gpus]]
match = "*"
rates = [{{ from = 2026-01-01, usd_per_gpu_hour = 2.49 }}]
[targets]
one = {{ engine = "vllm", url = "http://127.0.0.1:{0}/v1", model = "one", gpus = [0, 1] }}
two = {{ engine = "vllm", url = "http://127.0.0.1:{1}/v1", model = "two", gpus = [2, 3] }}
[budgets]
month = {{ covers = ["gpu", "power", "api"], window = "month", limit_usd = 20000, at_limit = "warn" }}
"""
SCENARIO = "gpus 8\nat 0 * idle\nat 0 0 busy used=70000\nat 0 1 busy used=70000\nat 0 2 used=70000\nat 0 3 used=70000\n"
METRICS = Path(__file__).parents[1] / "fixtures" / "engines" / "vllm.txt"
WARM_SECONDS = 8.0


def processes(pid: int) -> list[int]:
    """A process and all its descendants."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(below for child in children for below in processes(int(child)))]


def cpu_seconds(pid: int) -> float:
    """Time on a processor so far, of all threads, to the nanosecond."""
    return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def memory_kib(pid: int) -> dict[str, int]:
    """Resident and proportional set size."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return {name.lower(): int(lines[name].split()[0]) for name in ("Rss", "Pss")}


def measure(pid: int, seconds: float) -> dict[str, object]:
    """Figures of an agent that has warmed up."""
    time.sleep(WARM_SECONDS)
    family = processes(pid)
    before = {each: cpu_seconds(each) for each in family}
    time.sleep(seconds)
    used = {each: cpu_seconds(each) - before[each] for each in family}
    memory = {each: memory_kib(each) for each in family}
    return {
        "cpu_percent": round(sum(used.values()) / seconds * 100, 3),
        "rss_mib": round(sum(each["rss"] for each in memory.values()) / 1024, 1),
        "pss_mib": round(sum(each["pss"] for each in memory.values()) / 1024, 1),
        "by_process": {
            ("agent" if each == pid else f"child {each}"): {
                "cpu_percent": round(used[each] / seconds * 100, 3),
                "rss_mib": round(memory[each]["rss"] / 1024, 1),
            }
            for each in family
        },
        "seconds": seconds,
    }


def main() -> None:
    """Set up, measure, clean up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--profile", type=Path, help="write the agent's cProfile there; its figures are then too high")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compile_library(Path(folder))
        Path(folder, "scenario.txt").write_text(SCENARIO)
        env = os.environ | {"LD_LIBRARY_PATH": folder, "FAKE_NVML_SCENARIO": f"{folder}/scenario.txt"}
        server = subprocess.Popen([sys.executable, "-c", SERVER, str(METRICS)], stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        ports = [server.stdout.readline().strip() for _ in range(2)]
        config = Path(folder, "config.toml")
        config.write_text(CONFIG.format(*ports))
        profile = ["-m", "cProfile", "-o", str(given.profile)] if given.profile else []
        argv = [
            sys.executable,
            *profile,
            "-m",
            "costtui.agent",
            "--state-dir",
            f"{folder}/state",
            "--config",
            str(config),
        ]
        agent = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL)
        try:
            print(json.dumps(measure(agent.pid, given.seconds), indent=1))
        finally:
            for process in (agent, server):
                process.terminate()
                process.wait()
            server.stdout.close()


if __name__ == "__main__":
    main()
