"""`costtui tco`: everything that this host costs, part by part, and per million tokens."""

import contextlib
from collections.abc import Sequence
from fractions import Fraction

from costtui.analysis.claims import Claim
from costtui.analysis.tco import Amounts, Line, Swing
from costtui.analysis.tco_tokens import KindCost
from costtui.cli.cells import json_line, usd
from costtui.cli.given import Given
from costtui.cli.tco_text import claim_lines, text_of
from costtui.cli.verdict import input_row, read_situation, short
from costtui.domain.clean import clean
from costtui.report.money import iso
from costtui.report.verdict import Situation
from costtui.report.verdict_breakeven import setting_of
from costtui.report.verdict_claims import claims_of
from costtui.report.verdict_tco import Total, total_of
from costtui.store.ledger.reader import LedgerReader

SCHEMA = "costtui.tco/1"
CLAIMS_SCHEMA = "costtui.claims/1"


def run(given: Given) -> int:
    """A text, or one JSON document; with `--claims` the often repeated figures instead."""
    flags = given.flags("--json", "--claims")
    given.no_more()
    found = read_situation(given)
    total = total_of(found)
    if "--claims" in flags:
        with contextlib.closing(LedgerReader(given.state_dir)) as ledger:
            claims = claims_of(found, total, setting_of(found), ledger)
        print(_claims(found, claims) if "--json" in flags else "\n".join(claim_lines(claims)))
    elif "--json" in flags:
        print(json_line(_document(found, total)))
    else:
        print("\n".join(text_of(found, total)))
    return 0


def _claims(found: Situation, claims: Sequence[Claim]) -> str:
    rows = [{"figure": each.figure, "verdict": each.verdict, "because": clean(each.because, 800)} for each in claims]
    return json_line({"schema": CLAIMS_SCHEMA, "at": iso(found.at_ms), "claims": rows})


def _document(found: Situation, total: Total) -> dict[str, object]:
    tokens, bill = total.tokens, total.bill
    return {
        "schema": SCHEMA,
        "at": iso(found.at_ms),
        "from": iso(found.from_ms),
        "parts": [_line(line) for line in bill.lines],
        "total": _amounts(bill.total),
        "without": list(bill.unknown),
        "gpus": _amounts(bill.of("gpus")),
        "staff": _amounts(bill.of("staff")),
        "other": _amounts(bill.of("other")),
        "tokens_per_month": None
        if tokens is None
        else {"input": tokens.fresh, "cached_input": tokens.cached, "output": tokens.output},
        "usd_per_million_tokens": {
            "allocation": total.bases.allocation,
            "usage": total.bases.usage,
            "worked_share": _share(total.worked_share),
            "by_kind": [_kind(each) for each in total.kinds],
            "by_kind_reason": total.kinds_reason,
        },
        "models": [{"model": name, "usd_per_month": usd(nano)} for name, nano in total.shared.models.items()],
        "gpus_without_traffic_usd_per_month": usd(total.shared.unserved),
        "inputs": [_swing(each) for each in total.swings],
    }


def _kind(each: KindCost) -> dict[str, object]:
    return {
        "kind": each.kind,
        "tokens_per_month": each.tokens,
        "usd_per_month": usd(each.nano),
        "usd_per_million": each.usd_per_million,
    }


def _share(share: Fraction | None) -> float | None:
    return None if share is None else round(float(share), 6)


def _amounts(amounts: Amounts) -> dict[str, object]:
    return {
        "usd_per_hour": usd(amounts.hour),
        "usd_per_month": usd(amounts.month),
        "usd_per_year": usd(amounts.year),
    }


def _line(line: Line) -> dict[str, object]:
    inputs = [each.name for each in line.part.inputs]
    head: dict[str, object] = {"part": line.part.name, "group": line.part.group}
    return {
        **head,
        **_amounts(line.amounts),
        "formula": line.part.formula,
        "inputs": inputs,
        "missing": list(line.missing),
    }


def _swing(swing: Swing) -> dict[str, object]:
    moves = {"ten_percent_less_usd_per_month": usd(swing.less), "ten_percent_more_usd_per_month": usd(swing.more)}
    return {**input_row(swing.input), **moves, "parts": list(swing.parts), "value": short(swing.input.value)}
