"""Where this host's clock says it lives."""

from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LOCALTIME = Path("/etc/localtime")
UTC_NAMES = frozenset({"UTC", "UCT", "Zulu", "Universal", "Etc/UTC", "Etc/UCT", "Etc/Zulu", "Etc/Universal"})


def local_zone(environ: Mapping[str, str], localtime: Path = LOCALTIME) -> str | None:
    """IANA name from TZ, else from where /etc/localtime points; None where neither names a zone that exists."""
    name = environ.get("TZ", "").removeprefix(":") or _pointed_at(localtime)
    if not name or not _exists(name):
        return None
    return "UTC" if name in UTC_NAMES else name


def _pointed_at(localtime: Path) -> str:
    try:
        target = str(localtime.resolve(strict=True))
    except OSError:
        return ""
    return target.partition("/zoneinfo/")[2].removeprefix("posix/").removeprefix("right/")


def _exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
