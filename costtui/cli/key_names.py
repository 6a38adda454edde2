"""Names of gateway keys: the ledger knows them by their ids alone."""

import contextlib
from pathlib import Path

from costtui.store.controls import CONTROLS, ControlsStore


def key_names(state_dir: Path) -> dict[str, str]:
    """By id, with the revoked ones; nothing where no key was ever made."""
    if not (state_dir / CONTROLS).exists():
        return {}
    with contextlib.closing(ControlsStore.open(state_dir)) as store:
        return {key.key_id: key.name for key in store.state().keys}
