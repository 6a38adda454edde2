"""`costtui backup FILE`: a whole copy of the ledger, also while the gateway writes."""

from pathlib import Path

from costtui.cli.given import Given
from costtui.errors import UsageError
from costtui.store.ledger.backup import backup


def run(given: Given) -> int:
    """Copy, check the copy, say where its chain stands."""
    given.flags()
    if not given.arguments:
        raise UsageError("backup needs the name of a file that is not there yet; see `costtui backup --help`")
    to = Path(given.arguments.pop(0))
    given.no_more()
    head = backup(given.state_dir, to)
    print(f"{to}: {head.seq} rows of the chain, head {head.hash.hex()}")
    return 0
