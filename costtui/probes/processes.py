"""Who holds a GPU: owners and commands of processes, and which of them belong to an engine's port."""

import contextlib
import re
from dataclasses import replace
from pathlib import Path

import psutil

from costtui.domain.clean import clean
from costtui.domain.reading import GpuProcess

SECRET_NAME = re.compile(r"(?i)(key|token|secret|passw|credential|auth)")
COMMAND_LIMIT = 120
CONTAINER = re.compile(r"docker|kubepods|containerd|libpod|lxc")
SLURM_JOB = re.compile(r"slurm[^\n]*/job_(\d{1,20})(?=/|$)", re.MULTILINE)
"""cgroup v1 has /slurm/uid_1000/job_4711/step_0, v2 /system.slice/slurmstepd.scope/job_4711/step_0."""
OTHER_NAMESPACE = "in another container; its owner shows with --pid=host, or as root on the host"


def describe(process: GpuProcess) -> GpuProcess:
    """The process with its owner and command, or with the reason why they are not known."""
    if process.owner is not None:
        return process
    try:
        found = psutil.Process(process.pid)
        with found.oneshot():
            owner, words = found.username(), found.cmdline() or [found.name()]
    except psutil.NoSuchProcess:
        return replace(process, reason=f"pid {process.pid} is not visible here: {OTHER_NAMESPACE}")
    except psutil.AccessDenied:
        return replace(process, reason=f"pid {process.pid} is another user's; run the agent as root to see it")
    groups = _groups(process.pid)
    where = " (in a container)" if _in_container(groups) else ""
    return replace(process, owner=clean(owner, 40), command=short_command(words) + where, job=slurm_job(groups))


def short_command(words: list[str]) -> str:
    """A command as one short line: the program's base name, and no value of an option that names a secret."""
    shown: list[str] = []
    hide = False
    for place, word in enumerate(words):
        name, equals, _ = word.partition("=")
        if hide:
            hide = False
            continue
        if SECRET_NAME.search(name) and (equals or word.startswith("-")):
            shown.append(f"{name}=***")
            hide = not equals
            continue
        shown.append(word.rsplit("/", 1)[-1] if place == 0 else word)
    return clean(" ".join(shown), COMMAND_LIMIT)


def slurm_job(groups: str) -> str:
    """Number of the Slurm job whose control groups these are, as /proc/PID/cgroup has them; empty for none."""
    found = SLURM_JOB.search(groups)
    return found[1] if found else ""


def _groups(pid: int | str) -> str:
    try:
        return Path(f"/proc/{pid}/cgroup").read_text(errors="replace")
    except OSError:
        return ""


def _in_container(theirs: str) -> bool:
    return bool(CONTAINER.search(theirs)) and theirs != _groups("self")


def listening_ports() -> dict[int, int | None]:
    """Local TCP ports that somebody listens on, with the process where it is visible."""
    try:
        connections = psutil.net_connections("tcp")
    except (psutil.Error, OSError):
        return {}
    found: dict[int, int | None] = {}
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr:
            port = connection.laddr.port
            found[port] = connection.pid or found.get(port)
    return found


def engine_pids(port: int) -> tuple[int, ...]:
    """The process that listens on a local port and everything it started; empty where that is not visible.

    An engine's GPUs are often held by its workers, which are children of the process that serves.
    """
    pid = listening_ports().get(port)
    if pid is None:
        return ()
    pids = [pid]
    with contextlib.suppress(psutil.Error):
        pids += [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return tuple(pids)
