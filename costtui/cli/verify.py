"""`costtui verify`: is the ledger what was written?"""

import json
from datetime import UTC, datetime

from costtui.cli.given import Given
from costtui.errors import StoreError
from costtui.store.ledger.anchors import read_head
from costtui.store.ledger.schema import LEDGER
from costtui.store.ledger.verify import verify


def run(given: Given) -> int:
    """Exit 0 where every row, link and sum is as written, 1 where not."""
    as_json = "--json" in given.flags("--json")
    given.no_more()
    if not (given.state_dir / LEDGER).exists() and read_head(given.state_dir) is None:
        raise StoreError(f"there is no ledger in {given.state_dir}; the gateway begins one when it starts")
    findings, anchor = verify(given.state_dir), read_head(given.state_dir)
    if as_json:
        head = None if anchor is None else {"seq": anchor.seq, "hash": anchor.hash.hex(), "at_ms": anchor.at_ms}
        body = {"schema": "costtui.verify/1", "ok": not findings, "anchor": head}
        print(json.dumps(body | {"findings": [finding._asdict() for finding in findings]}))
        return 1 if findings else 0
    for finding in findings:
        print(f"{finding.file}: {finding.text}")
    if not findings:
        print("the ledger is what was written")
    if anchor is not None:
        when = datetime.fromtimestamp(anchor.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        print(f"last anchor: row {anchor.seq}, {when}, {anchor.hash.hex()}; compare it with gateway.log")
    return 1 if findings else 0
