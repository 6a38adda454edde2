"""RunPod's bill by component: parts that add up to the whole, and what they do not."""

import json
from decimal import Decimal

import pytest

from costtui.domain.bill import BilledLine
from costtui.providers.contract import Query
from costtui.providers.look import Look, Notes
from costtui.providers.runpod import PROVIDER

BILLS = next(feed for feed in PROVIDER.feeds if feed.name == "bills")


def billed(**amounts: object) -> tuple[dict[str, int | None], list[str]]:
    """Nano-USD by item, and what was noted."""
    record = {"startTime": "2026-11-22T00:00:00Z", "endTime": "2026-11-23T00:00:00Z", **amounts}
    answer = json.loads(json.dumps({"records": [record]}), parse_float=Decimal)
    notes = Notes()
    rows = BILLS.read(Look(answer, notes), Query("/v2/billing")).rows
    return {row.dims.item: row.nano for row in rows if isinstance(row, BilledLine)}, list(notes)


@pytest.mark.parametrize(
    ("amounts", "items"),
    [
        ({"totalAmount": 3.5, "podGpuAmount": 3.0, "podDiskAmount": 0.5}, {"podGpu": 3 * 10**9, "podDisk": 5 * 10**8}),
        ({"totalAmount": 3.5, "podGpuAmount": 3.0}, {"podGpu": 3 * 10**9, "other": 5 * 10**8}),
        (
            {"totalAmount": 0.3, "podGpuAmount": 0.1, "podCpuAmount": 0.20000000004},
            {"podGpu": 10**8, "podCpu": 2 * 10**8},
        ),
        ({"totalAmount": 0, "podGpuAmount": 0.0}, {}),
        ({"totalAmount": 2, "quantumAmount": 2, "podGpuSeconds": 7}, {"quantum": 2 * 10**9}),
    ],
)
def test_parts_and_what_is_missing_of_them_add_up_to_the_whole(
    amounts: dict[str, object], items: dict[str, int | None]
) -> None:
    assert billed(**amounts) == (items, [])


def test_a_part_without_an_amount_is_named_and_is_unknown_unless_the_whole_tells_it() -> None:
    lacking = ["records[].podDiskAmount is missing"]
    assert billed(totalAmount=3.5, podGpuAmount=3, podDiskAmount=None) == (
        {"podGpu": 3 * 10**9, "other": 5 * 10**8},
        lacking,
    )
    items, notes = billed(totalAmount=None, podGpuAmount=3, podDiskAmount=None)
    assert items == {"podGpu": 3 * 10**9, "podDisk": None}
    assert notes == ["records[].totalAmount is missing", *lacking]
