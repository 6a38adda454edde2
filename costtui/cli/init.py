"""`costtui init`: a commented configuration from what is found on this host."""

import contextlib
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from costtui.cli.actor import actor
from costtui.cli.first_key import export_lines, first_key
from costtui.cli.found import Found, look
from costtui.cli.given import Given
from costtui.cli.picture import now_ms
from costtui.cli.proposal import proposal
from costtui.config.load import default_path
from costtui.config.model import Gateway
from costtui.errors import CosttuiError, UsageError


def run(given: Given) -> int:
    """Find, then write or print; a file that is there already is left alone without --force."""
    flags = given.flags("--print", "--force")
    given.no_more()
    if "--print" in flags:
        sys.stdout.write(_proposed(look(given.environ)))
        return 0
    path, force = _path(given), "--force" in flags
    if path.exists() and not force:
        raise _exists(path)
    found = look(given.environ)
    write(path, _proposed(found), force=force)
    print(_summary(found))
    print(f"wrote {path}: correct it, then `costtui config check`")
    _offer_key(given)
    return 0


def _offer_key(given: Given) -> None:
    """Make the gateway's first key, and say how clients come to use it."""
    key = first_key(given.state_dir, actor(given.environ), now_ms())
    if key is None:
        print("the gateway has a key already: `costtui key list`")
        return
    print(f"made the gateway's first key: {key}")
    print("`costtui gateway start`, and clients started from a shell with these lines go through it:")
    print(export_lines(Gateway(), key))


def _path(given: Given) -> Path:
    if given.config is not None:
        return Path(given.config)
    if named := given.environ.get("COSTTUI_CONFIG"):
        return Path(named)
    own = default_path(given.environ)
    if own is None:
        raise UsageError("init: this user has no home directory; name a file with --config PATH")
    return own


def _proposed(found: Found) -> str:
    zone = ZoneInfo(found.zone or "UTC")
    return proposal(found, datetime.fromtimestamp(now_ms() / 1000, UTC).astimezone(zone).date())


def _exists(path: Path) -> CosttuiError:
    return CosttuiError(f"{path} exists and is not touched; --force replaces it, --print shows what would be written")


def write(path: Path, text: str, *, force: bool) -> None:
    """Mode 0600 and whole or not at all; without `force` never over a file, even one that appears meanwhile."""
    try:
        temporary = _temporary(path, text)
        try:
            if force:
                os.replace(temporary, path)
            else:
                _link(temporary, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
    except OSError as error:
        raise CosttuiError(f"{path} cannot be written ({error.strerror}); choose another one with --config") from None


def _temporary(path: Path, text: str) -> str:
    """A file beside `path` that holds `text`; mkstemp makes it 0600."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    return temporary


def _link(temporary: str, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise _exists(path) from None


def _summary(found: Found) -> str:
    gpus = f"{len(found.sweep.gpus)} GPUs" if found.sweep.problem is None else f"no GPU ({found.sweep.problem.reason})"
    return f"found: {gpus}, {len(found.engines)} engines, {len(found.keys)} names of API keys"
