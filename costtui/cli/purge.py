"""`costtui purge --older-than 90d`: let old attempts go; their sums stay, and the chain can still be verified."""

import re
import sys

from costtui.cli.given import Given
from costtui.cli.picture import now_ms
from costtui.errors import UsageError
from costtui.store.ledger.purge import purge

DAY_MS = 86_400_000


def run(given: Given) -> int:
    """Ask, unless `--yes`; without a terminal to ask on, `--yes` is needed."""
    days = _days(given.value("--older-than"))
    sure = "--yes" in given.flags("--yes")
    given.no_more()
    at_ms = now_ms()
    if not sure and not _agreed(days):
        print("nothing was removed")
        return 1
    removed = purge(given.state_dir, at_ms - days * DAY_MS, at_ms)
    print(f"{removed} attempts removed; their sums stay")
    return 0


def _days(text: str | None) -> int:
    match = re.fullmatch(r"([0-9]{1,5})d", text or "")
    if match is None:
        raise UsageError("purge needs --older-than with a number of days, such as 90d")
    return int(match[1])


def _agreed(days: int) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("purge removes attempts for good: say --yes where there is no terminal to ask on")
    answer = input(f"Remove every attempt older than {days} days for good? Their sums stay. [y/N] ")
    return answer.strip().lower() in ("y", "yes")
