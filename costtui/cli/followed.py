"""`costtui advice --followed`: what advice that was followed promised, and what it saved."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from costtui.cli.cells import json_line
from costtui.report.followed import Followed, words
from costtui.report.followed_up import followed_up
from costtui.report.money import iso, nine, usd
from costtui.store.controls import ControlsStore
from costtui.store.ledger.reader import LedgerReader
from costtui.store.place import prepare

SCHEMA = "costtui.advice.followed/1"
NONE_YET = (
    "no change by hand names a piece of advice yet: the commands that `costtui advice` prints carry a --reason, by"
    " which they are followed up here"
)


def tell_followed(state_dir: Path, now_ms: int, zone: ZoneInfo, *, as_json: bool) -> int:
    """A list, or one JSON document."""
    prepare(state_dir)
    with closing(ControlsStore.open(state_dir)) as store:
        revisions = store.state().revisions
    with closing(LedgerReader(state_dir)) as ledger:
        found = followed_up(state_dir, ledger, revisions, now_ms)
    if as_json:
        print(json_line({"schema": SCHEMA, "to": iso(now_ms), "followed": [_fields(each) for each in found]}))
        return 0
    print("\n".join(_lines(each, zone) for each in found) or NONE_YET)
    return 0


def _lines(each: Followed, zone: ZoneInfo) -> str:
    since = datetime.fromtimestamp(each.since_ms / 1000, UTC).astimezone(zone)
    return "\n   ".join(words(each, f"{since:%Y-%m-%d %H:%M}"))


def _fields(each: Followed) -> dict[str, object]:
    return {
        "advice": each.promise.subject,
        "route": None if each.endpoint else each.route,
        "endpoint": each.route if each.endpoint else None,
        "actor": each.actor,
        "since": iso(each.since_ms),
        "held_seconds": each.held_ms // 1000,
        "tokens": each.tokens,
        "predicted_usd_per_month": usd(each.promise.month_nano),
        "realised_usd_per_month": usd(each.month_nano),
        "realised_of_predicted": nine(each.ratio),
        "former_way_usd": usd(each.former_nano),
        "paid_to_apis_usd": None if each.endpoint else usd(each.paid_nano),
        "rent_usd": usd(each.paid_nano) if each.endpoint else None,
        "saved_usd": usd(each.saved_nano),
    }
