"""`python -m costtui.rates.compile`: prices of what is configured, resolved ahead into prices.json.

It runs as a child process, because the catalogue costs more to import than everything that reads the result.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from costtui.config.load import load
from costtui.config.model import Config, Target
from costtui.domain.price import TokenPrice
from costtui.errors import CosttuiError, SourceError
from costtui.rates.catalogue import CATALOGUE, of_provider, same_model
from costtui.rates.guard import Guard, Held, Offer, accepted_of
from costtui.rates.models import why_same
from costtui.rates.overlay import inputs_digest, laid_over, own_rows, read_overlay
from costtui.rates.prices import PRICES_FILE, SCHEMA, PriceBook, digest
from costtui.rates.rows import to_json
from costtui.rates.seeds import seeded_for, seeded_prices

Rows = Sequence[TokenPrice]


def main(argv: Sequence[str]) -> int:
    """Compile once. Problems go to the standard error, one per line; the exit code is the error's."""
    parser = argparse.ArgumentParser(prog="costtui.rates.compile")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--model", action="append", default=[], help="also this self-hosted model")
    parser.add_argument("--accept", action="append", default=[], help="take what is held of this model or target")
    options = parser.parse_args(argv)
    now_ms = int(time.time() * 1000)
    try:
        inputs = inputs_digest(options.config)
        config = load(options.config, now_ms)
        overlay = read_overlay(options.config, config.host.timezone)
        content = compile_prices(config, options.model, overlay, guard_of(options.state_dir, options.accept))
        write_prices(options.state_dir, content, now_ms, inputs)
    except CosttuiError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the parent reads it
        return error.exit_code
    return 0


def guard_of(state_dir: Path, accept: Sequence[str] = ()) -> Guard:
    """What the last compilation left; nothing to compare with where it left nothing that can be read."""
    try:
        book = PriceBook.load(state_dir)
    except SourceError:
        book = None
    if book is None:
        return Guard({})
    accepted: set[Held] = set()
    for name in accept:
        rows = book.targets.get(name, ())
        accepted |= accepted_of(book.held, name, {(row.provider, row.model) for row in rows})
    return Guard(book.offers(), frozenset(accepted))


def compile_prices(
    config: Config, served: Sequence[str] = (), overlay: Rows = (), guard: Guard | None = None
) -> dict[str, object]:
    """The content of prices.json: the same configuration, catalogue and last prices always give the same bytes."""
    check = (guard or Guard({})).check
    held: list[Held] = []
    targets: dict[str, Rows] = {}
    unpriced: dict[str, str] = {}
    for target in config.targets:
        rows, reason = _of_target(target, config, overlay)
        targets[target.name], moved = check(rows)
        held += moved
        if not targets[target.name] and target.engine is None:
            unpriced[target.name] = reason or next((each.why for each in moved), "")
    models: dict[str, Rows] = {}
    reasons: dict[str, list[str]] = {}
    for model, wanted in _wanted(config, served).items():
        offered, reasons[model] = _of_model(wanted, config, targets, overlay)
        models[model], moved = check(offered)
        held += moved
        if not models[model]:
            unpriced[model] = "no provider in the catalogue offers it; `compare` can name another model"
    return {
        "schema": SCHEMA,
        "catalogue": CATALOGUE,
        "models": {model: [to_json(row) for row in rows] for model, rows in models.items() if rows},
        "targets": {name: [to_json(row) for row in rows] for name, rows in targets.items() if rows},
        "reasons": reasons,
        "unpriced": unpriced,
        "held": [asdict(each) for each in sorted(set(held))],
    }


def _wanted(config: Config, served: Sequence[str]) -> dict[str, str]:
    """Name that the engine serves: name to look up. `compare` decides where it is set."""
    wanted = dict(zip(served, served, strict=True))
    for engine in config.engines:
        name = engine.model or engine.compare
        if name is not None:
            wanted[name] = engine.compare or name
    return wanted


def _of_target(target: Target, config: Config, overlay: Rows) -> tuple[Rows, str]:
    """The catalogue's rows, the bundled list's where it has none, prices.toml over them and [prices] over all."""
    rows: Rows = []
    reason = "it is paid by the hour, not by the token"
    if target.provider is not None and target.model is not None:
        listed, reason = of_provider(target.provider, target.model)
        listed = listed or seeded_for(target.provider, target.model)
        rows = laid_over(listed, own_rows(overlay, target.provider, target.model))
    own = [
        replace(price, provider=target.provider or target.name)
        for price in config.prices
        if price.provider == target.name
    ]
    return laid_over(rows, own), reason


def _of_model(wanted: str, config: Config, targets: dict[str, Rows], overlay: Rows) -> tuple[Rows, list[str]]:
    """Every provider's rows of the model, the configured target's rows instead of the catalogue's where both are."""
    offers: dict[Offer, Rows] = {}
    reasons: list[str] = []
    for reason, rows in (*same_model(wanted), *_listed(wanted, seeded_prices()), *_listed(wanted, overlay)):
        offer = rows[0].provider, rows[0].model
        offers[offer] = laid_over(offers.get(offer, ()), rows)
        reasons.append(reason)
    for target in config.targets:
        rows = targets.get(target.name, [])
        same = why_same(wanted, target.model or "")
        if rows and target.provider is not None and same is not None:
            offers[rows[0].provider, rows[0].model] = rows
            reasons.append(f"{target.name}: {same}")
    comparable = [row for offer in sorted(offers) for row in offers[offer] if not row.free]
    return comparable, sorted(set(reasons))


def _listed(wanted: str, prices: Rows) -> Iterator[tuple[str, Rows]]:
    """Offers of the same model in a list; discounts stay out, for they take off another's price."""
    offers: dict[Offer, list[TokenPrice]] = {}
    for row in prices:
        if row.discount_percent is None:
            offers.setdefault((row.provider, row.model), []).append(row)
    for (provider, model), rows in offers.items():
        if (reason := why_same(wanted, model)) is not None:
            yield f"{provider}: {reason}", rows


def write_prices(state_dir: Path, content: dict[str, object], now_ms: int, inputs: str) -> None:
    """Replace prices.json in one step, mode 0600. Raises SourceError."""
    whole = {"compiled_ms": now_ms, "inputs": inputs, "hash": digest(content), "content": content}
    body = json.dumps(whole, indent=1).encode()
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
