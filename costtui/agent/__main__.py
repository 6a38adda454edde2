"""`python -m costtui.agent`: what a background start runs."""

import argparse
import sys
from pathlib import Path

from costtui.agent.options import AgentOptions
from costtui.agent.run import run_agent
from costtui.errors import CosttuiError


def main(argv: list[str]) -> int:
    """Run the agent; the message of a failed start goes to standard error."""
    parser = argparse.ArgumentParser(prog="costtui agent")
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--simulated-url")
    parser.add_argument("--detached", action="store_true")
    given = parser.parse_args(argv)
    options = AgentOptions(given.state_dir, given.config, given.simulated_url, given.detached)
    try:
        return run_agent(options)
    except CosttuiError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
