"""Who is at this terminal."""

import os
import pwd
from collections.abc import Mapping

from costtui.controls.actor import actor_of

NAMED = "COSTTUI_ACTOR"
"""A person's name on a login that several people share."""
MOST_CHARACTERS = 256 * 1024


def actor(environ: Mapping[str, str]) -> str:
    """Login with the SSH key's comment, or with the name in COSTTUI_ACTOR."""
    try:
        login = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        login = f"uid {os.getuid()}"
    return actor_of(login, environ, _text, environ.get(NAMED, ""))


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(MOST_CHARACTERS)
    except OSError:
        return ""
