"""A bill as text: parts, what a million tokens costs on both bases, and what each input moves."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from costtui.analysis.claims import Claim
from costtui.analysis.tco import Amounts, Line, Swing
from costtui.cli.breakeven_text import table
from costtui.domain.clean import clean
from costtui.report.money import usd
from costtui.report.verdict import Situation
from costtui.report.verdict_tco import Total
from costtui.report.verdict_words import dollars, mega, plain
from costtui.report.words import fine, percent

PARTS = ("part", "$/hour", "$/month", "$/year", "how")
INPUTS = ("input", "value", "unit", "source", "-10 %", "+10 % $/month", "")
LINE = 110


def text_of(found: Situation, total: Total) -> Iterator[str]:
    """All lines."""
    bill = total.bill
    yield f"{len(found.gpus)} GPUs"
    rows = [_part(line) for line in bill.lines]
    gpus, others = bill.of("gpus"), bill.of("other")
    rows += [_sum("GPUs together", gpus)] if gpus.month is not None else []
    rows += [_sum("beside GPUs and staff", others)] if others.month is not None else []
    at_least = "at least" if bill.unknown else "total"
    yield from table(PARTS, [*rows, _sum(at_least, bill.total)])
    if bill.unknown:
        yield f"  not known, and in no sum: {', '.join(bill.unknown)}"
    yield ""
    yield from _tokens(total)
    if total.shared.models:
        yield ""
        yield from _models(total)
    yield ""
    yield from table(INPUTS, [_input(each) for each in total.swings])


def _part(line: Line) -> Sequence[str]:
    how = line.part.formula if not line.missing else f"? {', '.join(line.missing)}"
    return (line.part.name, *_three(line.amounts), how)


def _sum(name: str, amounts: Amounts) -> Sequence[str]:
    return (name, *_three(amounts), "")


def _three(amounts: Amounts) -> Sequence[str]:
    return tuple(dollars(usd(each)) for each in (amounts.hour, amounts.month, amounts.year))


def _tokens(total: Total) -> Iterator[str]:
    tokens = total.tokens
    if tokens is None:
        yield "no engine was watched for an hour: what a million tokens costs is not known"
        return
    yield (
        f"{mega(Decimal(tokens.all))} Mtok a month at the pace of the last weeks: {mega(Decimal(tokens.fresh))} read,"
        f" {mega(Decimal(tokens.cached))} cached, {mega(Decimal(tokens.output))} written"
    )
    share = total.worked_share
    worked = percent(None if share is None else Decimal(share.numerator) / share.denominator)
    yield f"  {fine(total.bases.allocation)} $/Mtok  allocation: everything, idle hours too; for comparing with an API"
    yield f"  {fine(total.bases.usage)} $/Mtok  usage: of the GPUs only the {worked} of the time in which they worked"
    for kind in total.kinds:
        yield f"  {fine(kind.usd_per_million)} $/Mtok  {kind.kind}"
    if total.kinds_reason:
        yield f"  ? by kind: {total.kinds_reason}"


def _models(total: Total) -> Iterator[str]:
    yield "GPUs by model, shared by tokens where several hold one"
    rows = [(clean(name, 60), dollars(usd(nano)), "") for name, nano in total.shared.models.items()]
    rows.append(("GPUs without traffic", dollars(usd(total.shared.unserved)), ""))
    yield from table(("model", "$/month", ""), rows)


def _input(swing: Swing) -> Sequence[str]:
    each = swing.input
    moves = tuple("?" if nano is None else dollars(usd(nano)) for nano in (swing.less, swing.more))
    return (each.name, plain(each.value), each.unit, each.source.value, *moves, clean(each.note, 60))


def claim_lines(claims: Sequence[Claim]) -> Iterator[str]:
    """Each figure with its verdict, and beneath it why."""
    for claim in claims:
        yield f"{claim.verdict.value.upper():<8} {claim.figure}"
        line = "        "
        for word in clean(claim.because, 800).split():
            if len(line) + len(word) >= LINE:
                yield line
                line = "        "
            line += f" {word}"
        yield line
