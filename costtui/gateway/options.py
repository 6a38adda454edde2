"""What the gateway is started with."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a successor takes over from the process that started it: descriptors of the listening socket, of the
    ledger's lock, and of a pipe on which it says that it is ready."""

    listener: int
    lock: int
    ready: int


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """Where it keeps its state and reads its configuration. `detached`: no terminal, its hang-up is ignored."""

    state_dir: Path
    config_path: Path | None = None
    detached: bool = False
    inherited: Inherited | None = None
