"""The demo's gateway, a real one, and the key with which the load client calls it."""

import contextlib
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from costtui.controls.keys import add_key, revoke_key
from costtui.domain.secret import Secret
from costtui.errors import CosttuiError
from costtui.store.controls import ControlsStore

if TYPE_CHECKING:
    import subprocess

KEY_NAME = "demo"
ACTOR = "costtui demo"
LOOK_SECONDS = 0.02
PICTURE = "gateway.json"
"""What a gateway writes of itself each second. The gateway's own modules are not imported: the screen's process is
this one, and they cost it 20 MB."""


def make_key(folder: Path, now_ms: int) -> tuple[str, Secret]:
    """Id and value of a new key; that of an earlier run in a kept store ends."""
    with contextlib.closing(ControlsStore.open(folder)) as store:
        if any(key.name == KEY_NAME and key.revoked_ms is None for key in store.state().keys):
            revoke_key(store, KEY_NAME, ACTOR, now_ms)
        key, value = add_key(store, KEY_NAME, ACTOR, now_ms)
    return key.key_id, value


def gateway_argv(folder: Path, config: Path) -> list[str]:
    """Its command line."""
    return ["--detached", "--state-dir", str(folder.absolute()), "--config", str(config.absolute())]


def await_serving(folder: Path, child: "subprocess.Popen[bytes]", wait_seconds: float) -> None:
    """Until it has painted its first picture. Raises CosttuiError where it does not."""
    deadline = time.monotonic() + wait_seconds
    while time.monotonic() < deadline and child.poll() is None:
        with contextlib.suppress(OSError, ValueError):
            if json.loads((folder / PICTURE).read_bytes()).get("pid") == child.pid:
                return
        time.sleep(LOOK_SECONDS)
    raise CosttuiError(f"the demo's gateway did not start; see {folder / 'gateway.log'}")


def tell(load: "subprocess.Popen[bytes]", url: str, key: Secret) -> None:
    """Let the waiting load client begin; the key goes through its standard input and is seen nowhere else."""
    say(load, {"url": url, "key": key.reveal()})


def say(child: "subprocess.Popen[bytes]", value: object) -> None:
    """One line of JSON to a waiting child; one that has died meanwhile is noticed by what it does not do."""
    if child.stdin:
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(json.dumps(value).encode() + b"\n")
            child.stdin.close()
