"""The page's break-even chart and table, by hand."""

from decimal import Decimal

from costtui.analysis.breakeven_standing import standing_of
from costtui.report.page import Curve, Table
from costtui.report.page_verdict import breakeven_section
from tests.report.test_verdict import bare

CASE = ["gpus=2", "gpus-per-replica=2", "usd-per-gpu-hour=2.5", "prefill=10000", "decode=2500", "mix=3:1", "volume=50M"]


def test_the_lines_cross_where_the_table_says_that_own_gpus_pay() -> None:
    standing = standing_of(bare(*CASE, "price=gpt-5:1.25/10"))
    section = breakeven_section(standing, 0)
    (chart,) = [block for block in section.blocks if isinstance(block, Curve)]
    own, bought = chart.lines
    assert own.begin == own.end == 3_650  # 2 GPUs x 2.50 x 730
    assert round(own.begin / (bought.end / chart.widest) / 1_000_000, 1) == Decimal("34.9")
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert table.rows[0][:4] == ("gpt-5", "own GPUs pay now", "3.44", "34.9")


def test_without_a_volume_there_is_no_chart() -> None:
    section = breakeven_section(standing_of(bare(*CASE[:-1], "price=gpt-5:1.25/10")), 0)
    assert not any(isinstance(block, Curve) for block in section.blocks)
