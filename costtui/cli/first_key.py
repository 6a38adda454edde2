"""The first gateway key, made by `costtui init`, and how clients are told of it."""

import os
import shlex
from contextlib import closing
from pathlib import Path

from costtui.config.model import Gateway
from costtui.controls.keys import add_key
from costtui.errors import StoreError
from costtui.store.controls import ControlsStore
from costtui.store.place import prepare

NAME = "first"


def first_key(state_dir: Path, actor: str, now_ms: int) -> Path | None:
    """Make the first key and write it to `keys/first`, for this user alone; None where a key is in use already."""
    prepare(state_dir)
    with closing(ControlsStore.open(state_dir)) as store:
        if any(key.revoked_ms is None for key in store.state().keys):
            return None
        path = state_dir / "keys" / NAME
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            path.unlink(missing_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                _, value = add_key(store, NAME, actor, now_ms)
                file.write(f"{value.reveal()}\n")
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}; make a key with `costtui key add NAME` instead") from None
        return path


def export_lines(gateway: Gateway, key: Path) -> str:
    """What makes OpenAI's and Anthropic's clients use the gateway; the key itself is not in it."""
    address, read = f"http://{gateway.listen}", f"$(cat {shlex.quote(str(key))})"
    return (
        f"export OPENAI_BASE_URL={address}/v1 OPENAI_API_KEY={read}\n"
        f"export ANTHROPIC_BASE_URL={address} ANTHROPIC_API_KEY={read}"
    )
