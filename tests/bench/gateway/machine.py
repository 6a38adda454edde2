"""What processes cost, by the kernel's own counters, and programs of C that are built when they are needed."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def build(folder: Path) -> None:
    """`load` and `upstream`, in `folder`."""
    for name in ("load", "upstream"):
        source, program = str(HERE / f"{name}.c"), str(folder / name)
        subprocess.run(["cc", "-O2", "-Wall", "-D_GNU_SOURCE", "-o", program, source], check=True)


def pinned(core: int, argv: list[str]) -> list[str]:
    """The command on one core."""
    return ["taskset", "-c", str(core), *argv]


def tree(pid: int) -> Iterator[int]:
    """A process and all that it started."""
    yield pid
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [child for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield from tree(int(child))


def cpu_ns(pid: int) -> int:
    """CPU time of all threads of a process tree."""
    total = 0
    for each in tree(pid):
        for task in Path(f"/proc/{each}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total


def pss_mib(pid: int) -> float:
    """Memory of a process tree, what is shared divided among those who share it."""
    kib = 0
    for each in tree(pid):
        lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        kib += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kib / 1024


def rss_mib(pid: int) -> float:
    """Resident memory of one process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def descriptors(pid: int) -> int:
    """Open files of one process."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


class Load:
    """The load generator on its core."""

    def __init__(self, folder: Path, core: int) -> None:
        self._folder, self._core = folder, core

    def __call__(
        self, port: int, request: bytes, *, connections: int, seconds: float, rate: float = 0, limit: int = 0
    ) -> dict[str, Any]:
        """Requests sent and answered; see load.c."""
        path = self._folder / "request"
        path.write_bytes(request)
        numbers = [str(each) for each in (port, path, connections, seconds, rate, limit)]
        argv = pinned(self._core, [str(self._folder / "load"), *numbers])
        said = subprocess.run(argv, capture_output=True, check=True, timeout=seconds + 600)
        result: dict[str, Any] = json.loads(said.stdout)
        return result
