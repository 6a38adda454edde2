"""The figures as Markdown and JSON."""

import json
import statistics
from collections.abc import Sequence

from tests.bench.gateway.rounds import Results

FIGURES = (
    "whole us/request", "armed us/request", "large us/request", "tls us/request", "stream us/chunk", "RPS c64",
    "added p50 us at 500/s", "added p99 us at 500/s", "cold start s", "PSS MiB idle", "PSS MiB after",
)  # fmt: skip


def markdown(results: Results, to: Sequence[str]) -> str:
    """Medians and spread over the rounds, then ratios to each of some subjects, each formed within a round."""
    names = list(results.figures)
    lines = [_row(("median [least-most]", *names)), _row(["---"] * (len(names) + 1))]
    lines += [_row((figure, *(_cell(results, name, figure) for name in names))) for figure in FIGURES]
    lines += [_row(("not answered 200", *(str(results.errors.get(name, 0)) for name in names)))]
    for other in to:
        if other in names and len(names) > 1:
            lines += ["", _row((f"ratio to {other}", *names)), _row(["---"] * (len(names) + 1))]
            lines += [_row((figure, *(_ratio(results, name, figure, other) for name in names))) for figure in FIGURES]
    return "\n".join(lines)


def as_json(results: Results) -> str:
    """Every value of every round."""
    return json.dumps({"figures": results.figures, "not_answered_200": results.errors})


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(results: Results, name: str, figure: str) -> str:
    return _spread(results.figures[name].get(figure, []))


def _ratio(results: Results, name: str, figure: str, to: str) -> str:
    return _spread(results.ratios(name, figure, to))


def _spread(values: Sequence[float]) -> str:
    if not values:
        return ""
    middle, least, most = (f"{value:.4g}" for value in (statistics.median(values), min(values), max(values)))
    return middle if least == most else f"{middle} [{least}-{most}]"
