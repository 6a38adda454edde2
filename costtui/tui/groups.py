"""Rows of GPUs: those that do one thing together are one row; sorted, filtered, opened by the user."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from costtui.report.schema import Engine, Gpu, Status
from costtui.tui.scene import Choices

_WORST_FIRST = ("lost", "unknown", "empty", "idle loaded", "low", "other", "busy")


@dataclass(frozen=True, slots=True)
class Group:
    """GPUs in one row and the engine that they serve."""

    gpus: tuple[Gpu, ...]
    engine: Engine | None
    key: str
    """Stays the same while the row stands for the same GPUs."""
    child: bool = False
    """True for a GPU shown by itself under its opened group."""

    @property
    def label(self) -> str:
        """`0-1`, `3` or `0,2,5`."""
        indexes = sorted(gpu.index for gpu in self.gpus)
        if len(indexes) == 1:
            return str(indexes[0])
        unbroken = indexes[-1] - indexes[0] == len(indexes) - 1
        return f"{indexes[0]}-{indexes[-1]}" if unbroken else ",".join(map(str, indexes))

    @property
    def state(self) -> str:
        """One word for all of them: only GPUs in one state are put together."""
        return self.gpus[0].state

    @property
    def idle_usd(self) -> Decimal:
        """Known idle dollars of today."""
        return sum((gpu.idle_usd_today or Decimal(0) for gpu in self.gpus), Decimal(0))

    @property
    def usd_per_hour(self) -> Decimal:
        """Known dollars an hour."""
        return sum((gpu.usd_per_hour or Decimal(0) for gpu in self.gpus), Decimal(0))

    @property
    def memory_bytes(self) -> int:
        """Known bytes in use."""
        return sum(gpu.memory_used_bytes or 0 for gpu in self.gpus)

    @property
    def words(self) -> str:
        """What the filter looks at."""
        engine = f"{self.engine.name} {self.engine.model}" if self.engine else ""
        people = " ".join(
            f"{process.owner} {process.command}" for gpu in self.gpus for process in (gpu.processes or ())
        )
        gpu = " ".join(f"{gpu.index} {gpu.name} {gpu.uuid} {gpu.reason}" for gpu in self.gpus)
        return f"{self.label} {self.state} {engine} {people} {gpu}".lower()


_KEYS: Mapping[str, Callable[[Group], Any]] = {
    "index": lambda group: min(gpu.index for gpu in group.gpus),
    "idle $": lambda group: (-group.idle_usd, group.label),
    "$/h": lambda group: (-group.usd_per_hour, group.label),
    "state": lambda group: (badness(group.state), -group.idle_usd, group.label),
    "memory": lambda group: (-group.memory_bytes, group.label),
}


def badness(state: str) -> int:
    """0 for the worst state."""
    return _WORST_FIRST.index(state) if state in _WORST_FIRST else 1


def worst_first(groups: list[Group]) -> list[Group]:
    """The order in which a screen too small for all of them shows them."""
    return sorted(groups, key=_KEYS["state"])


def grouped(status: Status, choices: Choices) -> list[Group]:
    """The rows of the overview."""
    engines = {gpu.uuid: engine for gpu in status.gpus if (engine := _engine_of(gpu, status)) is not None}
    together: dict[tuple[str, ...], list[Gpu]] = {}
    for gpu in status.gpus:
        together.setdefault(_kinship(gpu, engines.get(gpu.uuid)), []).append(gpu)
    groups = [Group(tuple(gpus), engines.get(gpus[0].uuid), _key(gpus)) for gpus in together.values()]
    return _opened(_chosen(groups, choices), choices)


def single(status: Status, choices: Choices) -> list[Group]:
    """The rows of the GPU screen: one GPU each."""
    groups = [Group((gpu,), _engine_of(gpu, status), gpu.uuid) for gpu in status.gpus]
    return _chosen(groups, choices)


def _engine_of(gpu: Gpu, status: Status) -> Engine | None:
    holders = [engine for engine in status.engines if engine.gpus and gpu.uuid in engine.gpus]
    if holders:
        return holders[0]
    return next((engine for engine in status.engines if engine.name == gpu.engine), None)


def _kinship(gpu: Gpu, engine: Engine | None) -> tuple[str, ...]:
    if engine is not None and gpu.state not in ("lost", "unknown", "empty"):
        return ("engine", engine.name, gpu.state)
    if gpu.state == "empty":
        return ("empty", (gpu.since or "")[:16], gpu.name)
    return ("alone", gpu.uuid)


def _key(gpus: list[Gpu]) -> str:
    return "+".join(gpu.uuid for gpu in gpus)


def _chosen(groups: list[Group], choices: Choices) -> list[Group]:
    needle = choices.needle.lower()
    kept = [group for group in groups if needle in group.words]
    return sorted(kept, key=_KEYS[choices.sort], reverse=choices.reverse)


def _opened(groups: list[Group], choices: Choices) -> list[Group]:
    rows: list[Group] = []
    for group in groups:
        rows.append(group)
        if len(group.gpus) > 1 and group.key in choices.expanded:
            rows += [Group((gpu,), group.engine, gpu.uuid, child=True) for gpu in group.gpus]
    return rows
