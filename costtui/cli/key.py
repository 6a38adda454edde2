"""`costtui key`: who may call the gateway."""

import json
import sys
from contextlib import closing
from zoneinfo import ZoneInfo

from costtui.cli.actor import actor
from costtui.cli.given import Given
from costtui.cli.picture import now_ms
from costtui.cli.route_text import at
from costtui.cli.zone import local_zone
from costtui.controls.keys import add_key, looks_like_key, revoke_key
from costtui.domain.clean import clean
from costtui.domain.control import GatewayKey
from costtui.errors import UsageError
from costtui.store.controls import ControlsStore
from costtui.store.place import prepare

SCHEMA = "costtui.key/1"
ACTIONS = ("list", "add", "revoke")


def run(given: Given) -> int:
    """Show the keys, make one, or end one."""
    flags = given.flags("--json")
    action = given.arguments.pop(0) if given.arguments else "list"
    if looks_like_key(action):
        raise UsageError("key: a key is never an argument; name it by its name (not shown)")
    if action not in ACTIONS:
        given.arguments.insert(0, action)
        given.action(*ACTIONS)
    name = "" if action == "list" else _name(given, action)
    given.no_more()
    prepare(given.state_dir)
    with closing(ControlsStore.open(given.state_dir)) as store:
        if action == "list":
            return _list(given, store, as_json="--json" in flags)
        if action == "add":
            return _add(given, store, name)
        key = revoke_key(store, name, actor(given.environ), now_ms())
        print(f"key {clean(key.name)} (…{key.last_four}) is revoked; a running gateway refuses it from now on")
        return 0


def _name(given: Given, action: str) -> str:
    if not given.arguments:
        raise UsageError(f"key {action}: needs a name")
    return given.arguments.pop(0)


def _add(given: Given, store: ControlsStore, name: str) -> int:
    """The key alone on standard output, so that `costtui key add NAME > FILE` keeps it."""
    key, value = add_key(store, name, actor(given.environ), now_ms())
    sys.stdout.write(f"{value.reveal()}\n")
    sys.stderr.write(f"key {clean(key.name)} ({key.key_id}): shown this once, only its hash is kept\n")
    return 0


def _list(given: Given, store: ControlsStore, *, as_json: bool) -> int:
    keys = store.state().keys
    if as_json:
        print(json.dumps({"schema": SCHEMA, "keys": [_fields(key) for key in keys]}))
        return 0
    zone = ZoneInfo(local_zone(given.environ) or "UTC")
    for key in keys:
        ended = "" if key.revoked_ms is None else f"  revoked {at(key.revoked_ms, zone)}"
        print(clean(f"{key.name:<24} …{key.last_four}  {key.key_id}  made {at(key.created_ms, zone)}{ended}"))
    if not keys:
        print("no keys: `costtui key add NAME` makes one")
    return 0


def _fields(key: GatewayKey) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "name": clean(key.name),
        "last_four": key.last_four,
        "created_ms": key.created_ms,
        "revoked_ms": key.revoked_ms,
    }
