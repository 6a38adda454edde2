"""Sums of the ledger as rows with names, the same in every format."""

from collections.abc import Iterable, Sequence

from costtui.cli.cells import Cell, usd
from costtui.store.ledger.rows import SpendRow

Row = dict[str, Cell]
TOKENS = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens")
KINDS = ("input", "cached_input", "cache_write", "output", "flat")


def spend_row(names: Sequence[str], row: SpendRow) -> Row:
    """One sum. Costs of which nothing is known are None; `unpriced` counts what a known cost lacks."""
    known = row.nano is not None
    return {
        **dict(zip(names, row.labels, strict=True)),
        "billed_as": "self-hosted" if row.self_hosted else "api",
        "requests": row.requests,
        "attempts": row.attempts,
        "failed": row.failed,
        "unpriced": row.unpriced,
        **{name: getattr(row, name) for name in TOKENS},
        **{f"{kind}_usd": usd(getattr(row, f"{kind}_nano")) if known else None for kind in KINDS},
        "usd": usd(row.nano),
        "saved_usd": usd(row.saved_nano),
        "cache_hits": row.cache_hits,
        **({} if "provenance" in names else {"provenance": "+".join(sorted(row.provenances))}),
    }


def kind_rows(rows: Iterable[SpendRow]) -> list[Row]:
    """The same money by kind of token: of sums that are not split any further, one for APIs and one for own engines."""
    return [_of_kind(kind, row) for row in rows for kind in KINDS]


def _of_kind(kind: str, row: SpendRow) -> Row:
    return {
        "kind": kind,
        "billed_as": "self-hosted" if row.self_hosted else "api",
        "tokens": _tokens(kind, row),
        "unpriced": row.unpriced,
        "usd": usd(getattr(row, f"{kind}_nano")) if row.nano is not None else None,
        "provenance": "+".join(sorted(row.provenances)),
    }


def _tokens(kind: str, row: SpendRow) -> int | None:
    """Fresh input is what no cache read or wrote; fees are by no token."""
    parts: dict[str, int | None] = {
        "input": row.input_tokens - row.cached_input_tokens - row.cache_write_tokens,
        "cached_input": row.cached_input_tokens,
        "cache_write": row.cache_write_tokens,
        "output": row.output_tokens,
        "flat": None,
    }
    return parts[kind]
