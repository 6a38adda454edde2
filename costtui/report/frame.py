"""What one composition works with: the observation, the configuration, and the rates that follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from costtui.config.model import Config
from costtui.domain.terms import Session
from costtui.report.accounts import Account, Segment, account
from costtui.report.ledger import Rates, rates_of
from costtui.report.observation import GpuNow, Observation


@dataclass(frozen=True, slots=True)
class Frame:
    """One composition. `expected`: GPUs should be there, so that a silent driver is unknown and not 0."""

    seen: Observation
    config: Config
    counted: tuple[GpuNow, ...]
    """GPUs that this host's burn counts: all, or those that the user's processes hold."""
    rates: dict[str, Rates]
    sessions: tuple[Session, ...]
    expected: bool

    def accounts(self, window: Sequence[Segment]) -> dict[str, Account]:
        """Accounts of all GPUs over a window."""
        kept = self.seen.kept
        return {gpu.uuid: account(gpu.uuid, kept.get(gpu.uuid, ()), self.sessions, window) for gpu in self.seen.gpus}

    def unknown(self, api: tuple[str, ...]) -> tuple[str, ...]:
        """Everything that is missing from the burn; of the APIs' part what the caller says."""
        names = [f"gpu:{gpu.index}" for gpu in self.counted if self.rates[gpu.uuid].rent is None]
        if not self.counted and self.expected:
            names.append("gpu")
        if any(self.rates[gpu.uuid].power is None for gpu in self.counted):
            names.append("power")
        return (*names, *api)


def frame(seen: Observation, config: Config, sessions: Sequence[Session]) -> Frame:
    """The frame at `seen.at_ms`; `sessions` as stored, the present one is in `seen`."""
    everyone = config.host.pays == "all"
    if seen.session is not None:
        sessions = (*(each for each in sessions if each.boot_id != seen.session.boot_id), seen.session)
    return Frame(
        seen=seen,
        config=config,
        counted=tuple(gpu for gpu in seen.gpus if everyone or is_mine(gpu, seen.user)),
        rates={gpu.uuid: rates_of(gpu, seen.kept.get(gpu.uuid, ()), seen.at_ms) for gpu in seen.gpus},
        sessions=tuple(sessions),
        expected=bool(config.gpus or seen.kept) and not seen.gpus,
    )


def is_mine(gpu: GpuNow, user: str) -> bool:
    """Whether a process of `user` holds the GPU."""
    processes = gpu.reading.processes if gpu.reading else None
    return any(process.owner == user for process in processes or ())


def sharers(frame: Frame) -> Mapping[str, tuple[str, ...]]:
    """The engines that hold each GPU, by UUID."""
    found: dict[str, tuple[str, ...]] = {}
    for engine in frame.seen.engines:
        for uuid in engine.holds or ():
            found[uuid] = (*found.get(uuid, ()), engine.target.name)
    return found
