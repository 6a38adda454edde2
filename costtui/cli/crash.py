"""A fault in costtui itself: one line for the user, the traceback for the log."""

import os
import traceback
from collections.abc import Mapping
from pathlib import Path
from zlib import crc32

from costtui.domain.clean import clean
from costtui.store.whereabouts import state_dir_text


def report_crash(error: Exception, environ: Mapping[str, str], state: str | None) -> str:
    """Append the traceback to crash.log in the state directory; the line to show."""
    text = "".join(traceback.format_exception(error))
    number = f"{crc32(text.encode(errors='replace')):08x}"
    path = Path(state_dir_text(state, environ, None)) / "crash.log"
    short = clean(f"{type(error).__name__}: {error}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return f"a fault of costtui ({number}): {short}; its log cannot be written"
    with os.fdopen(descriptor, "a", errors="replace") as log:
        log.write(f"--- {number}\n{text}")
    return f"a fault of costtui ({number}): {short}; please report it with what {path} says"
