"""Runs the compilation of prices in a process of its own."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from costtui.domain.clean import clean
from costtui.errors import SourceError

COMPILE_SECONDS = 60.0
REMEDY = "prices stay as they were; `costtui prices compile` shows more"


def compile_in_child(
    config_path: Path | None,
    state_dir: Path,
    models: Sequence[str] = (),
    *,
    accept: Sequence[str] = (),
    timeout_seconds: float = COMPILE_SECONDS,
) -> None:
    """Write prices.json for a configuration and the models that engines turned out to serve.

    `accept` takes the prices that were held of these models or targets.

    It blocks (about a second); raises SourceError with the child's own words.
    """
    argv = [sys.executable, "-m", "costtui.rates.compile", f"--state-dir={state_dir}"]
    argv += [f"--config={config_path}"] if config_path is not None else []
    argv += [f"--model={model}" for model in models]
    argv += [f"--accept={name}" for name in accept]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_seconds, check=False)
    except subprocess.TimeoutExpired:
        raise SourceError(f"prices were not compiled within {timeout_seconds:g} s", REMEDY) from None
    except (OSError, ValueError) as error:
        raise SourceError(f"prices could not be compiled ({type(error).__name__})", REMEDY) from None
    if done.returncode != 0:
        said = [clean(line) for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
        raise SourceError(f"prices were not compiled: {said[-1] if said else f'exit {done.returncode}'}", REMEDY)
