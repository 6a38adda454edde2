"""Where the state lives, as text: `pathlib` takes 9 ms to import, which a one-shot command does not have."""

import os
from collections.abc import Mapping


def state_dir_text(explicit: str | None, environ: Mapping[str, str], configured: str | None) -> str:
    """The state directory: as given, else $COSTTUI_STATE_DIR, the configuration's, $XDG_STATE_HOME/costtui."""
    given = explicit or environ.get("COSTTUI_STATE_DIR") or configured
    base = environ.get("XDG_STATE_HOME") or "~/.local/state"
    return os.path.expanduser(given or os.path.join(base, "costtui"))
