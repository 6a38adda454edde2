"""The command line: one module per verb, imported only when its verb runs."""

import os
import sys
from collections.abc import Sequence

from costtui import __version__
from costtui.cli.given import Given, parse
from costtui.errors import CosttuiError

CRASHED = 3
"""What `status --check` exits with when it cannot tell, crashes included."""


def run(argv: Sequence[str]) -> int:
    """Run one command line; returns the exit code. No traceback reaches the user."""
    given: Given | None = None
    try:
        given = parse(argv, os.environ)
        return _verb(given)
    except CosttuiError as error:
        sys.stderr.write(f"costtui: {error}\n")
        return CRASHED if "--check" in argv else error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:  # noqa: BLE001 - the edge: the user gets one line, the log gets the rest
        from costtui.cli.crash import report_crash

        sys.stderr.write(f"costtui: {report_crash(error, os.environ, given.state if given else None)}\n")
        return CRASHED if "--check" in argv else 70


def _verb(given: Given) -> int:
    from importlib import import_module

    if given.version:
        sys.stdout.write(f"costtui {__version__}\n")
        return 0
    if given.help:
        from costtui.cli.help import show

        return show(given.verb)
    module = import_module(f"costtui.cli.{given.module}")
    code: int = module.run(given)
    return code
