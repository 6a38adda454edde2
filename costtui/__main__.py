"""`python -m costtui` and the `costtui` script."""

import sys


def main() -> int:
    """Run the command line; the exit code is for cron and shells."""
    from costtui.cli import run  # here, so that importing the package costs nothing

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
