"""`python -m costtui.rates.compile`: prices of what is configured, resolved ahead into prices.json.

It runs as a child process, because the catalogue costs more to import than everything that reads the result.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from costtui.config.load import load
from costtui.config.model import Config, Target
from costtui.domain.price import TokenPrice
from costtui.errors import CosttuiError, SourceError
from costtui.rates.catalogue import CATALOGUE, of_provider, same_model
from costtui.rates.models import why_same
from costtui.rates.prices import PRICES_FILE, SCHEMA, digest

Rows = list[TokenPrice]


def main(argv: Sequence[str]) -> int:
    """Compile once. Problems go to the standard error, one per line; the exit code is the error's."""
    parser = argparse.ArgumentParser(prog="costtui.rates.compile")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--model", action="append", default=[], help="also this self-hosted model")
    options = parser.parse_args(argv)
    now_ms = int(time.time() * 1000)
    try:
        content = compile_prices(load(options.config, now_ms), options.model)
        write_prices(options.state_dir, content, now_ms)
    except CosttuiError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the parent reads it
        return error.exit_code
    return 0


def compile_prices(config: Config, served: Sequence[str] = ()) -> dict[str, object]:
    """The content of prices.json: the same configuration and catalogue always give the same bytes."""
    targets: dict[str, Rows] = {}
    unpriced: dict[str, str] = {}
    for target in config.targets:
        rows, reason = _of_target(target, config)
        if rows:
            targets[target.name] = rows
        elif target.engine is None:
            unpriced[target.name] = reason
    models: dict[str, Rows] = {}
    reasons: dict[str, list[str]] = {}
    for model, wanted in _wanted(config, served).items():
        models[model], reasons[model] = _of_model(wanted, config, targets)
        if not models[model]:
            unpriced[model] = "no provider in the catalogue offers it; `compare` can name another model"
    return {
        "schema": SCHEMA,
        "catalogue": CATALOGUE,
        "models": {model: [_json(row) for row in rows] for model, rows in models.items() if rows},
        "targets": {name: [_json(row) for row in rows] for name, rows in targets.items()},
        "reasons": reasons,
        "unpriced": unpriced,
    }


def _wanted(config: Config, served: Sequence[str]) -> dict[str, str]:
    """Name that the engine serves: name to look up. `compare` decides where it is set."""
    wanted = dict(zip(served, served, strict=True))
    for engine in config.engines:
        name = engine.model or engine.compare
        if name is not None:
            wanted[name] = engine.compare or name
    return wanted


def _of_target(target: Target, config: Config) -> tuple[Rows, str]:
    """Catalogue rows until the user's own first day, the user's from then on, under the catalogue's names."""
    rows: Rows = []
    reason = "it is paid by the hour, not by the token"
    if target.provider is not None and target.model is not None:
        rows, reason = of_provider(target.provider, target.model)
    own = [price for price in config.prices if price.provider == target.name]
    if not own:
        return rows, reason
    label = rows[0] if rows else TokenPrice(target.provider or target.name, own[0].model, Decimal(0), Decimal(0))
    mine = [replace(price, provider=label.provider, model=label.model, source="config") for price in own]
    return [row for row in rows if row.from_ms < mine[0].from_ms] + mine, ""


def _of_model(wanted: str, config: Config, targets: dict[str, Rows]) -> tuple[Rows, list[str]]:
    """Every provider's rows of the model, the configured target's rows instead of the catalogue's where both are."""
    offers: dict[tuple[str, str], Rows] = {}
    reasons: list[str] = []
    for reason, rows in same_model(wanted):
        offers[rows[0].provider, rows[0].model] = rows
        reasons.append(reason)
    for target in config.targets:
        rows = targets.get(target.name, [])
        same = why_same(wanted, target.model or "")
        if rows and target.provider is not None and same is not None:
            offers[rows[0].provider, rows[0].model] = rows
            reasons.append(f"{target.name}: {same}")
    return [row for key in sorted(offers) for row in offers[key]], sorted(reasons)


def _json(price: TokenPrice) -> dict[str, object]:
    return {
        "provider": price.provider,
        "model": price.model,
        "input": f"{price.input:f}",
        "output": f"{price.output:f}",
        "cached_input": None if price.cached_input is None else f"{price.cached_input:f}",
        "from_ms": price.from_ms,
        "source": price.source,
    }


def write_prices(state_dir: Path, content: dict[str, object], now_ms: int) -> None:
    """Replace prices.json in one step, mode 0600. Raises SourceError."""
    body = json.dumps({"compiled_ms": now_ms, "hash": digest(content), "content": content}, indent=1).encode()
    draft = state_dir / f".{PRICES_FILE}.{os.getpid()}"
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(state_dir / PRICES_FILE)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise SourceError(f"{state_dir / PRICES_FILE} cannot be written ({error.strerror})", "free space?") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
