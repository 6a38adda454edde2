"""`python -m costtui.gateway`: the gateway in the background, and a successor that inherits its descriptors."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from costtui.errors import CosttuiError
from costtui.gateway.options import GatewayOptions, Inherited
from costtui.gateway.run import run_gateway


def main(arguments: Sequence[str]) -> int:
    """Serve; a problem is one line on the standard error and the error's exit code."""
    parser = argparse.ArgumentParser(prog="python -m costtui.gateway")
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--detached", action="store_true")
    parser.add_argument("--inherit", type=_inherited, help="descriptors of the listener, the lock and a pipe")
    options = parser.parse_args(arguments)
    try:
        return run_gateway(GatewayOptions(options.state_dir, options.config, options.detached, options.inherit))
    except CosttuiError as error:
        sys.stderr.write(f"costtui: {error}\n")
        return error.exit_code


def _inherited(text: str) -> Inherited:
    listener, lock, ready = (int(number) for number in text.split(","))
    return Inherited(listener, lock, ready)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
