"""`costtui endpoint`: dedicated endpoints rented by the hour, and pausing, resuming or scaling them down by hand."""

import json
import sys
import time
from decimal import Decimal
from pathlib import Path

from costtui.cli.actor import actor
from costtui.cli.given import Given
from costtui.cli.picture import now_ms
from costtui.config.load import load
from costtui.config.model import Config
from costtui.domain.bill import BurnItem
from costtui.domain.clean import clean
from costtui.domain.endpoint import ACTIONS, EndpointOrder
from costtui.errors import CosttuiError, UsageError
from costtui.report.money import iso
from costtui.report.words import duration, money
from costtui.store.bills import BillReader
from costtui.store.controls import ControlsStore
from costtui.store.endpoints import acks, add_order, orders
from costtui.store.place import prepare

SCHEMA = "costtui.endpoint/1"
WAIT_SECONDS = 30.0
LOOK_SECONDS = 0.1


def run(given: Given) -> int:
    """List them, or preview an action, ask, order it and wait for the agent."""
    reason = given.value("--reason") or ""
    flags = frozenset(given.flags("--json", "--yes"))
    action = given.arguments.pop(0) if given.arguments else "list"
    if action not in ("list", *ACTIONS):
        given.arguments.insert(0, action)
        given.action("list", *ACTIONS)
    config = load(given.config_path, now_ms())
    prepare(given.state_dir)
    if action == "list":
        given.no_more()
        return _list(given.state_dir, flags)
    order = _order(given, config, action, reason)
    return _give(given.state_dir, order, flags)


def _list(state_dir: Path, flags: frozenset[str]) -> int:
    at_ms = now_ms()
    rented = [(level, level.row) for level in BillReader(state_dir).levels() if isinstance(level.row, BurnItem)]
    known = acks(state_dir)
    if "--json" in flags:
        rows = [{"endpoint": f"{level.provider}/{row.name}", "state": row.state, "replicas": row.replicas,
                 "usd_per_hour": row.usd_per_hour, "read_at": iso(level.at_ms)} for level, row in rented]  # fmt: skip
        given = [{"order": each.order_id, "endpoint": f"{each.provider}/{each.name}", "action": each.action,
                  "at": iso(each.at_ms), "actor": each.actor, "reason": each.reason,
                  "told": known[each.order_id].told if each.order_id in known else None}
                 for each in orders(state_dir)]  # fmt: skip
        print(json.dumps({"schema": SCHEMA, "endpoints": rows, "orders": given}, default=float))
        return 0
    for level, row in rented:
        age = duration(max(at_ms - level.at_ms, 0) // 1000)
        up = "?" if row.replicas is None else row.replicas
        print(
            f"{clean(level.provider)}/{row.name}  {row.state}, {up} up, {money(row.usd_per_hour)} $/h  (read {age} ago)"
        )
    if not rented:
        print("no endpoint is known: name a key under [billing] huggingface, and let the agent read it")
    for each in orders(state_dir)[-10:]:
        told = known[each.order_id].told if each.order_id in known else "waits for the agent"
        print(
            f"  {each.order_id}  {iso(each.at_ms)}  {each.action} {each.provider}/{each.name} by {each.actor}: {told}"
        )
    return 0


def _order(given: Given, config: Config, action: str, reason: str) -> EndpointOrder:
    if config.host.control == "off":
        raise CosttuiError('changes by hand are off here (host.control = "off")')
    if not given.arguments:
        raise UsageError(f"endpoint {action}: needs PROVIDER/NAMESPACE/NAME, as `costtui endpoint list` shows them")
    text = given.arguments.pop(0)
    given.no_more()
    provider, _, name = text.partition("/")
    billing = next((each for each in config.billing if each.provider == provider), None)
    if billing is None or billing.control_key is None:
        raise CosttuiError(
            f"[billing] {clean(provider, 40)} has no control_key: billing keys only read;"
            ' name one that may change endpoints, such as control_key = "keyring:hf-write"'
        )
    if name.count("/") != 1:
        raise UsageError(f"endpoint {action}: {clean(text, 80)} is not PROVIDER/NAMESPACE/NAME")
    known = next(each for each in ACTIONS if each == action)
    return EndpointOrder(0, provider, name, known, now_ms(), actor(given.environ), clean(reason, 300))


def _give(state_dir: Path, order: EndpointOrder, flags: frozenset[str]) -> int:
    asks = "--yes" not in flags
    if asks and not sys.stdin.isatty():
        raise UsageError("endpoint: nobody can be asked here (no terminal); --yes orders it without asking")
    print(_preview(state_dir, order), file=sys.stderr)
    if asks and not _agreed():
        print("nothing was ordered")
        return 1
    ControlsStore.open(state_dir).close()
    made = add_order(state_dir, order)
    ack = _awaited(state_dir, made.order_id)
    if "--json" in flags:
        print(
            json.dumps(
                {"schema": SCHEMA, "order": made.order_id, "done": ack is not None and ack[0], "told": ack and ack[1]}
            )
        )
    elif ack is None:
        print(f"order {made.order_id} is written; no agent has done it within {WAIT_SECONDS:g} s: costtui agent status")
    else:
        print(f"order {made.order_id}: {ack[1]}")
    return 0 if ack is not None and ack[0] else 1


def _preview(state_dir: Path, order: EndpointOrder) -> str:
    found = [level.row for level in BillReader(state_dir).levels() if level.provider == order.provider]
    row = next((each for each in found if isinstance(each, BurnItem) and each.name == order.name), None)
    what = f"{order.action} {order.provider}/{order.name}"
    if row is None:
        return f"{what}: the agent has not seen it; what that saves is not known"
    rate = row.usd_per_hour
    if order.action == "resume":
        return f"{what}: it is {row.state}; from then on it costs by the hour again"
    if rate is None or rate == Decimal(0):
        return f"{what}: it is {row.state} and costs {money(rate)} $/h now"
    later = "until a request wakes it" if order.action == "scale-to-zero" else "until it is resumed"
    return f"{what}: it is {row.state}; saves {money(rate)} $/h, {money(rate * 24)} $ a day, {later}"


def _agreed() -> bool:
    print("order it? [y/N] ", end="", flush=True, file=sys.stderr)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _awaited(state_dir: Path, order_id: int) -> tuple[bool, str] | None:
    began = time.monotonic()
    while time.monotonic() - began < WAIT_SECONDS:
        if (ack := acks(state_dir).get(order_id)) is not None:
            return ack.done, ack.told
        time.sleep(LOOK_SECONDS)
    return None
