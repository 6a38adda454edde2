"""What a host knows about its own cost, and what follows from it."""

import contextlib
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from costtui.analysis.breakeven_setting import Setting
from costtui.analysis.breakeven_standing import standing_of
from costtui.analysis.tco import Source
from costtui.config.model import Config
from costtui.domain.amount import Provenance
from costtui.domain.usage import Usage
from costtui.errors import UsageError
from costtui.rates.prices import PriceBook
from costtui.report.verdict import Situation, situation
from costtui.report.verdict_breakeven import setting_of
from costtui.report.verdict_tco import total_of
from costtui.report.verdict_whatif import tried
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader
from tests.cli.ledger import LLAMA, OPENAI, charge, keep
from tests.report.verdict_host import BOOK, CONFIG, END, HOUR, OWNED, PICTURE, keep_host
from tests.store.ledger.made import attempt

D = Decimal
USD = 1_000_000_000


def look(state_dir: Path, config: Config = CONFIG, book: PriceBook | None = BOOK, picture: Any = PICTURE) -> Situation:
    with (
        contextlib.closing(TelemetryReader(state_dir)) as telemetry,
        contextlib.closing(LedgerReader(state_dir)) as ledger,
    ):
        return situation(telemetry, ledger, picture, config, book, END)


@pytest.fixture
def found(tmp_path: Path) -> Situation:
    keep_host(tmp_path)
    return look(tmp_path)


def month(found: Situation, part: str) -> Decimal | None:
    line = next(line for line in total_of(found).bill.lines if line.part.name == part)
    return None if line.amounts.month is None else D(line.amounts.month) / USD


def test_a_host_is_billed_by_contract_by_ownership_and_by_what_its_gpus_draw(found: Situation) -> None:
    assert month(found, "rent H100 80GB HBM3") == 3650  # 2 x 2.50 x 730
    assert month(found, "loss of value A100") == 1000  # 2 x 30000 x 0.8 / 48
    assert month(found, "power A100") == D("20.44")  # 2 x 0.1 kW x 1.4 x 0.10 x 730
    assert month(found, "staff") == 3125
    assert month(found, "network") == 400


def test_what_nobody_stated_is_named_and_in_no_sum(found: Situation) -> None:
    bill = total_of(found).bill
    assert bill.unknown == ("financing A100", "colocation", "storage", "software", "setup")
    assert bill.total.month == int(D("8195.44") * USD)


def test_every_input_says_where_it_comes_from(found: Situation) -> None:
    sources = {swing.input.name: swing.input.source for swing in total_of(found).swings}
    assert sources["watts A100"] is Source.MEASURED
    assert sources["rate H100 80GB HBM3"] is Source.CONFIGURED
    assert sources["staff_fte"] is Source.CONFIGURED
    assert sources["financing_percent"] is Source.UNKNOWN


def test_both_bases_stand_side_by_side(found: Situation) -> None:
    total = total_of(found)
    # 4 tokens for each of 24 M outputs a day: 96 M a day, 730 / 24 days: 2920 M a month
    assert total.tokens is not None
    assert total.tokens.all == 2_920_000_000
    assert total.bases.allocation == D("2.806658")  # 8195.44 / 2920
    # two of four GPUs work two fifths of the time: 0.2 x 4670.44 of GPUs + 3525 beside them
    assert total.worked_share == Fraction(1, 5)
    assert total.bases.usage == D("1.527085")


def test_the_cost_of_kinds_needs_rates_that_somebody_stated(found: Situation, tmp_path: Path) -> None:
    assert total_of(found).kinds == ()
    assert "prefill_tokens_per_second" in total_of(found).kinds_reason
    target = replace(CONFIG.targets[0], prefill_tokens_per_second=10_000.0, capacity_output_tokens_per_second=2_500.0)
    total = total_of(look(tmp_path, replace(CONFIG, targets=(target, CONFIG.targets[1]))))
    assert sum(kind.nano for kind in total.kinds) == total.bill.total.month


def test_adapters_share_the_gpus_of_their_engine_by_tokens(tmp_path: Path) -> None:
    keep_host(tmp_path)
    base, adapter = Usage(700, 50), Usage(200, 50)
    rows = [
        (LLAMA, attempt(1, 0, END - HOUR, usage=base, charge=charge(0, 0, 0, 0, 1), provenance=Provenance.ACCRUED)),
        (
            LLAMA._replace(model="law-adapter"),
            attempt(2, 0, END - HOUR, usage=adapter, charge=charge(0, 0, 0, 0, 1), provenance=Provenance.ACCRUED),
        ),
    ]
    keep(tmp_path, rows, END)
    shared = total_of(look(tmp_path)).shared
    # 750 and 250 tokens on GPUs of 3650; the owned ones, 1020.44, hold no model
    assert shared.models == {"llama-3.3-70b": int(D("2737.5") * USD), "law-adapter": int(D("912.5") * USD)}
    assert shared.unserved == int(D("1020.44") * USD)


def test_a_break_even_starts_from_what_was_measured(found: Situation) -> None:
    setting = setting_of(found)
    assert setting.model == "meta/llama-70b"
    values = {name: setting.value(name) for name in setting.inputs}
    assert values["gpus"] == 2
    assert values["usd-per-gpu-hour"] == D("2.5")
    assert values["volume"] == 96_000_000
    assert values["growth"] == 0
    assert values["mix"] == 3
    assert round(values["cache-hit"] or D(0), 4) == D("0.3333")
    assert values["output-rate"] == 1000
    assert values["fte"] == D("0.25")
    assert values["other-usd-per-month"] == 400
    assert setting.inputs["volume"].source is Source.MEASURED
    assert setting.left_out == ("storage", "software", "setup")


def test_growth_is_measured_over_whole_days(tmp_path: Path) -> None:
    keep_host(tmp_path, output_of_day=(12_000_000, 18_000_000, 24_000_000, 30_000_000))
    # 48, 72, 96 and 120 M tokens: 24 M more each day
    assert setting_of(look(tmp_path)).value("growth") == 24_000_000


def test_every_figure_names_the_price_that_it_replaces(found: Situation) -> None:
    standing = standing_of(setting_of(found))
    # 2 x 2.50 x 730 + 3125 + 400 = 7175 $ a month, 1000 x 4 tokens a second: 345.6 M a day
    assert standing.usd_per_month == 7175
    assert standing.capacity_tokens_per_day == 345_600_000
    words = {each.price.name: each.word for each in standing.against}
    # against gpt-5, (3 x (1.25 x 2/3 + 0.125 / 3) + 10) / 4 = 3.15625: 74.7 M a day, and 96 are served
    assert words == {"openai gpt-5": "pays now", "novita llama-70b": "never", "groq llama-70b": "never"}
    # groq, (3 x 0.59 + 0.79) / 4 = 0.64: a full pair is worth 6728 and costs 3650, so two pairs carry 3525 beside them
    steps = {each.price.name: each.stair and each.stair.gpus for each in standing.against}
    assert steps == {"openai gpt-5": 2, "novita llama-70b": None, "groq llama-70b": 4}
    gpt5 = standing.against[0]
    assert round(gpt5.blended, 4) == D("3.1563")
    assert gpt5.tokens_per_day is not None
    assert round(gpt5.tokens_per_day / 1_000_000, 1) == D("74.7")
    assert gpt5.distance is not None
    assert gpt5.distance > 0


def test_gpus_that_are_paid_for_beside_the_model_are_named(found: Situation) -> None:
    # two owned ones: 1000 + 20.44
    standing = standing_of(setting_of(found))
    assert standing.caveats[0] == "the other 2 GPUs of this host cost 1,020 $/month and are not in these figures"


def test_a_host_that_serves_nothing_takes_the_volume_of_its_apis(tmp_path: Path) -> None:
    usage = Usage(3_000, 1_000, 1_500)
    row = attempt(1, 0, END - 30 * 60_000, usage=usage, charge=charge(1, 0, 0, 0, 0))
    keep(tmp_path, [(OPENAI, row)], END)
    with (
        contextlib.closing(TelemetryReader(tmp_path)) as telemetry,
        contextlib.closing(LedgerReader(tmp_path)) as ledger,
    ):
        found = situation(telemetry, ledger, {"engines": []}, Config(), None, END)
    setting = setting_of(found)
    # within the last hour 4,000 tokens: at that pace 96,000 a day
    assert setting.value("volume") == 96_000
    assert setting.value("cache-hit") == D("0.5")
    assert [price.name for price in setting.prices] == [
        "anthropic claude-opus-5.5",
        "openai gpt-5",
        "openai gpt-5-mini",
    ]
    assert standing_of(setting).against[0].word == "?"


# --- trying something else -----------------------------------------------------------------------------------------


def bare(*words: str) -> Setting:
    """On a host that knows nothing."""
    with contextlib.closing(TelemetryReader(Path("/nonexistent"))) as telemetry:
        ledger = LedgerReader(Path("/nonexistent"))
        found = situation(telemetry, ledger, {"engines": []}, Config(), None, END)
        ledger.close()
    return tried(setting_of(found), words)


LARGE = ("mix=3:1", "prefill=10000", "decode=2500", "gpus-per-replica=2")
SMALL = ("mix=3:1", "prefill=25000", "decode=9000", "gpus-per-replica=1")
RATES = {"opus": "4/20", "gpt-5": "1.25/10", "gpt-5-mini": "0.25/2", "groq": "0.59/0.79", "novita": "0.135/0.4"}
PRICES = tuple(f"price={name}:{rates}" for name, rates in RATES.items())
POSITION = "usd-per-fte-year=150000"
NEVER = None


def near(tokens: Decimal, millions: int) -> bool:
    """As rounded to a million, by a day that is half a thousandth longer."""
    return abs(tokens / 1_000_000 - millions) <= D("0.5") + D("0.0006") * millions


@pytest.mark.parametrize(
    ("words", "month", "capacity", "by_use", "needed", "use"),
    [
        (
            (*SMALL, "gpus=1", "usd-per-gpu-hour=2.5"),
            *(1_825, 1_496, "0.04 0.10 0.40"),
            *((8, 17, 87, 94, 298), (1, 1, 6, 6, 20)),
        ),
        (
            (*LARGE, "gpus=2", "usd-per-gpu-hour=2.5"),
            *(3_650, 494, "0.24 0.61 2.43"),
            *((15, 35, 175, 188, NEVER), (3, 7, 35, 38, 121)),
        ),
        (
            (*LARGE, "gpus=2", "usd-per-gpu-hour=2.5", "fte=0.25", "usd-per-fte-year=124800"),
            *(6_250, 494, "0.42 1.04 4.16"),
            *((26, 60, 299, 321, NEVER), (5, 12, 61, 65, 207)),
        ),
        (
            (
                *LARGE,
                "gpus=4",
                "usd-per-gpu-hour=2.5",
                "fte=0.5",
                "usd-per-fte-year=150000",
                "other-usd-per-month=1000",
            ),
            *(14_550, 988, "0.48 1.21 4.84"),
            *((60, 139, 696, 748, NEVER), (6, 14, 70, 76, 241)),
        ),
        (
            (*LARGE, "gpus=8", "usd-per-gpu-hour=4.5", "fte=1", POSITION, "other-usd-per-month=2000"),
            *(40_780, 1_976, "0.68 1.70 6.79"),
            *((168, 390, 1_951, NEVER, NEVER), (8, 20, 99, 106, 337)),
        ),
    ],
    ids=[
        "8B on one GPU",
        "70B on two",
        "and a quarter of a position",
        "on four, with half a one",
        "on eight, with one",
    ],
)
def test_known_cases_come_out_as_worked_out_elsewhere(
    words: tuple[str, ...], month: int, capacity: int, by_use: str, needed: tuple[int | None, ...], use: tuple[int, ...]
) -> None:
    """The reference counts 30.4 days to a month, and this 730 hours: they differ by half a thousandth."""
    standing = standing_of(bare(*words, *PRICES))
    assert standing.usd_per_month == month
    assert standing.capacity_tokens_per_day is not None
    assert near(standing.capacity_tokens_per_day, capacity)
    assert " ".join(f"{usd:.2f}" for _, usd in standing.by_use) == by_use
    for each, volume, percent in zip(standing.against, needed, use, strict=True):
        assert each.utilisation is not None
        assert round(each.utilisation * 100) == percent
        assert (each.word == "never") is (volume is None)
        if volume is not None:
            assert each.tokens_per_day is not None
            assert near(each.tokens_per_day, volume)


def test_utilisation_by_hand_is_the_volume_that_makes_it(found: Situation) -> None:
    standing = standing_of(tried(setting_of(found), ("utilisation=25%",)))
    assert standing.utilisation == D("0.25")
    assert standing.volume_per_day == 86_400_000


def test_what_is_tried_says_so_and_the_rest_stays_measured(found: Situation) -> None:
    setting = tried(setting_of(found), ("volume=50M", "usd-per-gpu-hour=1.9", "other-usd-per-month=100"))
    assert setting.inputs["volume"].source is Source.WHAT_IF
    assert setting.inputs["mix"].source is Source.MEASURED
    assert setting.value("volume") == 50_000_000
    assert setting.left_out == ()


def test_rates_by_hand_take_the_place_of_a_measured_output(found: Situation) -> None:
    setting = tried(setting_of(found), ("prefill=10000", "decode=2500"))
    assert setting.value("output-rate") is None
    assert setting.replica is not None
    assert round(setting.replica.tokens_per_second) == 5714


def test_more_gpus_than_replicas_need_are_paid_for_and_make_nothing() -> None:
    two, three = (
        standing_of(bare(*LARGE, f"gpus={gpus}", "usd-per-gpu-hour=2", "volume=1M", "price=1/1")) for gpus in (2, 3)
    )
    assert two.capacity_tokens_per_day == three.capacity_tokens_per_day
    assert [two.usd_per_month, three.usd_per_month] == [D(2920), D(4380)]


def test_an_endpoint_by_the_hour_is_the_third_way() -> None:
    standing = standing_of(
        bare(*LARGE, "gpus=2", "usd-per-gpu-hour=2", "volume=50M", "endpoint-usd-per-hour=8", "price=gpt-5:1.25/10")
    )
    assert [(way.name, way.usd_per_month and round(way.usd_per_month)) for way in standing.ways] == [
        ("own GPUs", 2920),
        ("endpoint by the hour", 5840),  # 8 x 730
        ("gpt-5", 5228),  # 50 x 730 / 24 x 3.4375
    ]


def test_an_endpoint_counts_by_its_own_speed_where_that_is_known() -> None:
    words = (*LARGE, "gpus=2", "usd-per-gpu-hour=2", "volume=50M", "endpoint-usd-per-hour=8", "price=gpt-5:1.25/10")
    unsaid, slow = bare(*words), bare(*words, "endpoint-output-rate=100")
    # 100 written and 300 read a second: 34.56 M tokens a day, so that 50 M take two of them
    assert slow.endpoint is not None
    assert slow.endpoint.replica.tokens_per_second == 400
    ways = {way.name: way for way in standing_of(slow).ways}
    assert ways["endpoint by the hour"].usd_per_month == 2 * 5_840
    assert any("as fast as one replica" in text for text in standing_of(unsaid).caveats)
    assert not any("as fast as one replica" in text for text in standing_of(slow).caveats)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("endpoint-output-rate=0", "makes nothing"),
        ("gpu=2", "did you mean 'gpus'"),
        ("gpus=2.5", "come whole"),
        ("gpus=0", "from 1"),
        ("volume=lots", "is not a number"),
        ("volume=-1", "from 0"),
        ("mix=3:0", "is not a number"),
        ("cache-hit=120%", "from 0 to 1"),
        ("decode=0", "makes nothing"),
        ("price=1.25", "INPUT/OUTPUT"),
        ("volume=NaN", "from 0"),
        ("utilisation=0.4", "capacity is not known"),
    ],
)
def test_what_cannot_be_tried_is_refused_with_what_to_write(word: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        bare(word)


def test_a_model_that_no_engine_serves_is_refused(found: Situation) -> None:
    assert setting_of(found, "llama-70b").model == "meta/llama-70b"
    with pytest.raises(UsageError, match="known: llama"):
        setting_of(found, "mixtral")


def test_where_nobody_saw_which_gpus_an_engine_holds_the_configuration_says(tmp_path: Path) -> None:
    keep_host(tmp_path)
    target = replace(CONFIG.targets[0], gpus=(0, 1))
    found = look(tmp_path, replace(CONFIG, targets=(target,)), BOOK, {"engines": []})
    assert found.served[0].gpus == ("GPU-0", "GPU-1")
    assert setting_of(found).value("gpus") == 2


def test_owned_gpus_without_stated_colocation_say_so(tmp_path: Path) -> None:
    keep_host(tmp_path)
    target = replace(CONFIG.targets[0], gpus=OWNED)
    setting = setting_of(look(tmp_path, replace(CONFIG, targets=(target,)), BOOK, {"engines": []}))
    # (1000 + 20.44) / 2 / 730, without the interest that nobody stated
    assert round(setting.value("usd-per-gpu-hour") or D(0), 6) == D("0.698932")
    assert setting.left_out == ("financing A100", "colocation", "storage", "software", "setup")
