"""A provider's own price list beside the price table, in words."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby

from costtui.domain.clean import clean
from costtui.rates.prices import OVERLAY_FILE
from costtui.report.listed import Listed
from costtui.report.money import iso


def listed_lines(found: Sequence[Listed]) -> list[str]:
    """A heading for each provider, a line for each model that the table has otherwise or not at all."""
    by_provider = sorted(found, key=lambda each: each.provider)
    return [
        line for name, group in groupby(by_provider, key=lambda each: each.provider) for line in _of(name, [*group])
    ]


def _of(provider: str, found: Sequence[Listed]) -> Iterator[str]:
    same = sum(each.same for each in found)
    read = (iso(max(each.read_ms for each in found)) or "")[:16].replace("T", " ")
    yield f"{provider} itself lists (read {read} UTC): {same} of {len(found)} as above"
    yield from (clean(f"  {_line(each)}", 400) for each in found if not each.same)


def _line(each: Listed) -> str:
    price, table = each.price, each.table
    listed = _amounts(price.input, price.output, price.cached_input) + (", otherwise for some" if price.varies else "")
    if table is None and price.input == price.output == 0:
        return f"{each.target}: {price.name} is listed as free; only `free = true` in [prices] makes it so"
    if table is None:
        return f"{each.target}: {price.name} costs {listed}; [[price]] in {OVERLAY_FILE} takes it"
    known = _amounts(table.input, table.output, table.cached_input)
    doubt = " (more than 10 times: look twice)" if each.far else ""
    where = "[prices]" if table.source.startswith("config") else f"[[price]] in {OVERLAY_FILE}"
    return f"{price.name}: {listed}{doubt}, above {known} ({table.source}); {where} changes it"


def _amounts(given: Decimal | None, made: Decimal | None, cached: Decimal | None) -> str:
    words = (("in", given), ("out", made), ("cached", cached))
    return ", ".join(f"{_plain(amount)} {word}" for word, amount in words if amount is not None)


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
