"""Where the state lives, and whether a database may live there."""

import os
from collections.abc import Mapping
from pathlib import Path

from costtui.errors import StoreError
from costtui.store.status_row import TELEMETRY
from costtui.store.whereabouts import state_dir_text

__all__ = ["NETWORK", "TELEMETRY", "file_system", "find_state_dir", "prepare"]
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "glusterfs", "beegfs", "gpfs"}
    | {"ocfs2", "gfs2", "fuse.sshfs", "fuse.s3fs", "fuse.gcsfuse", "fuse.rclone", "fuse.glusterfs", "fuse.ceph"}
    | {"fuse.juicefs", "fuse.davfs2"}
)


def find_state_dir(explicit: Path | None, environ: Mapping[str, str], configured: Path | None = None) -> Path:
    """The state directory: as given, else $COSTTUI_STATE_DIR, the configuration's, $XDG_STATE_HOME/costtui."""
    texts = (None if path is None else str(path) for path in (explicit, configured))
    return Path(state_dir_text(next(texts), environ, next(texts)))


def prepare(state_dir: Path, mountinfo: str | None = None) -> None:
    """Make the directory, 0700, and refuse a network file system: SQLite's locks do not hold there."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if state_dir.stat().st_uid == os.geteuid():
            state_dir.chmod(0o700)
    except OSError as error:
        raise StoreError(f"{state_dir}: {error.strerror}; choose another one with --state-dir") from None
    kind = file_system(state_dir.resolve(), _mounts() if mountinfo is None else mountinfo)
    if kind in NETWORK:
        raise StoreError(
            f"{state_dir} is on a network file system ({kind}), where database locks do not hold;"
            " choose a local disk with --state-dir or host.state_dir"
        )


def _mounts() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text(errors="replace")
    except OSError:
        return ""


def file_system(path: Path, mountinfo: str) -> str:
    """Type of the file system that holds `path`; empty where it cannot be told."""
    best, kind = -1, ""
    for line in mountinfo.splitlines():
        head, _, tail = line.partition(" - ")
        fields = head.split()
        if len(fields) < 5 or not tail:
            continue
        mount = fields[4].replace("\\040", " ").replace("\\011", "\t")
        if path.is_relative_to(mount) and len(mount) >= best:
            best, kind = len(mount), tail.split()[0]
    return kind
