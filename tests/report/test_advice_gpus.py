"""GPUs to give back for a while or for good, worked by hand: nights, engines, memory, contracts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from costtui.analysis.advice import Advice
from costtui.analysis.idle_hours import IdleSum, Place, hours_of
from costtui.analysis.pauses import Pause, pauses
from costtui.domain.amount import RateSource
from costtui.report.advice import advice
from costtui.report.advice_figures import Figures, Memory, Owed
from costtui.report.advice_nights import times
from costtui.report.advice_quantised import billions_of
from costtui.report.idle import IdleGpu, IdleReport
from tests.report.advice_scene import DAY, HOUR, gpu, nano, traffic

FORTNIGHT = 14 * DAY
CELLS = hours_of([(0, FORTNIGHT, 0)])
"""Each hour of the week twice: 336 hours."""
GIB = 2**30


def map_of(idle_share: Mapping[Place, float], usd_per_hour: float = 2) -> dict[Place, IdleSum]:
    """Each of the two hours of a place idle for that share."""
    return {
        place: IdleSum(round(share * 2 * HOUR), nano(share * 2 * usd_per_hour)) for place, share in idle_share.items()
    }


def card(index: int, model: str, engine: str, hours: Mapping[Place, IdleSum]) -> IdleGpu:
    idle_ms, idle_nano = sum(each.idle_ms for each in hours.values()), sum(each.nano for each in hours.values())
    return gpu(index, model, idle_ms / HOUR, idle_nano / 1_000_000_000, engine=engine, hours=hours)


def figures(gpus: Sequence[IdleGpu], rents: Sequence[float], owed: Owed | None = None) -> Figures:
    one = owed or Owed(None, FORTNIGHT)
    rented = {each.index: one._replace(rent_nano=nano(rent)) for each, rent in zip(gpus, rents, strict=True)}
    return Figures(IdleReport(0, FORTNIGHT, tuple(gpus), {}, IdleSum()), rented, (), FORTNIGHT, cells=CELLS)


def kinds(found: Sequence[Advice]) -> list[str]:
    return [each.kind for each in found]


NIGHTS = {(day, hour): 1.0 for day in range(7) for hour in (20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 6, 7)}
BY_HOUR = Owed(None, FORTNIGHT, "while-on")


def test_a_model_that_nobody_asks_at_night_is_scaled_to_zero_then() -> None:
    (found,) = advice(figures([card(0, "llama", "own", map_of(NIGHTS))], [672], BY_HOUR))
    # 7 nights of 12 hours, twice, at 2 $: 48 $ a night pair, of which 11.5 of 12 hours are saved: 46 $; x 7 = 322 $
    assert (found.kind, found.subject, found.confidence) == ("night", "llama", "high")
    assert found.month_nano == nano(322 * 730 / 336)
    assert found.action == "scale it to zero 20:00-08:00 daily"
    assert "idle 84 hours of each week" in found.arithmetic


def test_a_contract_that_charges_always_has_to_become_another_one_first() -> None:
    (found,) = advice(figures([card(0, "llama", "own", map_of(NIGHTS))], [672]))
    assert (found.kind, found.confidence) == ("night", "low")
    assert "its contract charges always: it takes one that charges while on" in found.arithmetic
    owned = BY_HOUR._replace(source=RateSource.OWNED)
    assert advice(figures([card(0, "llama", "own", map_of(NIGHTS))], [672], owned)) == ()


def test_the_night_counts_only_where_all_gpus_of_the_model_idle_every_time() -> None:
    idle = map_of(NIGHTS)
    busy = map_of(dict.fromkeys(NIGHTS, 0.9))
    assert kinds(advice(figures([card(0, "m", "e", idle), card(1, "m", "e", busy)], [672, 672], BY_HOUR))) == []


def test_pauses_pass_sunday_s_midnight_and_are_told_by_their_times() -> None:
    weekend = {*range(4 * 24 + 20, 168), *range(8), 50}
    assert pauses(weekend, 2) == (Pause(116, 60),)
    assert Pause(116, 60).end == 8
    nightly = tuple(Pause(day * 24 + 20, 12) for day in range(4))
    assert times((*nightly, Pause(116, 60))) == "20:00 for 60 h from Fri; 20:00-08:00 from Mon, Tue, Wed, Thu"
    assert pauses(range(168), 2) == (Pause(0, 168),)
    many = tuple(Pause(hour * 26, 2) for hour in range(5))
    assert times(many).endswith("and at 2 more times")


EVERY = dict.fromkeys(CELLS, 0.5)


def test_engines_that_the_busiest_hour_does_not_need_are_given_back() -> None:
    gpus = [card(at, "llama", name, map_of(EVERY)) for at, name in enumerate("abc")]
    (found,) = advice(figures(gpus, [600, 672, 640]))
    # three engines busy half of every hour: 1.5 engines, which two carry at 75 %; the dearest goes
    assert (found.kind, found.month_nano) == ("fewer-engines", nano(672 * 730 / 336))
    assert found.action == "run it on 2: drain b and give its GPUs back"
    assert found.command == "costtui route drain b --for 2h"
    assert "3 engines are busy 50% of the time; 2 would be 75%" in found.arithmetic
    crowded = [card(at, "llama", name, map_of(EVERY | {(2, 9): 0.1})) for at, name in enumerate("abc")]
    assert advice(figures(crowded, [600, 672, 640])) == ()


def test_what_was_bought_is_not_saved_by_running_less_of_it() -> None:
    gpus = [card(at, "llama", name, map_of(EVERY)) for at, name in enumerate("abc")]
    assert advice(figures(gpus, [600, 672, 640], Owed(None, FORTNIGHT, source=RateSource.OWNED))) == ()


LIGHT = dict.fromkeys(CELLS, 0.7)


@pytest.mark.parametrize(
    ("used", "share", "said"), [((20, 30), 0.7, True), ((50, 40), 0.7, False), ((20, 30), 0.5, False)]
)
def test_two_models_share_a_gpu_only_where_memory_and_the_busiest_hour_allow_it(
    used: tuple[int, int], share: float, said: bool
) -> None:
    hours = map_of(dict.fromkeys(CELLS, share))
    scene = figures([card(0, "llama", "a", hours), card(1, "mixtral", "b", hours)], [600, 672])
    memory = {index: Memory(gib * GIB, 80 * GIB) for index, gib in enumerate(used)}
    found = advice(replace(scene, memory=memory))
    assert kinds(found) == (["consolidate"] if said else [])
    if said:
        # busy 30 % each: 60 % of one; 20 + 30 of 80 GiB. Moving the dearer frees 672 $ of 336 hours
        assert (found[0].subject, found[0].month_nano) == ("mixtral", nano(672 * 730 / 336))
        assert found[0].action == "put it on GPU 0 beside llama and give GPU 1 back"
        assert "both had at most 50.0 GiB in use and were busy 60% of the busiest hour" in found[0].arithmetic


def test_without_the_memory_of_both_nothing_is_said_of_sharing() -> None:
    hours = map_of(LIGHT)
    assert advice(figures([card(0, "llama", "a", hours), card(1, "mixtral", "b", hours)], [600, 672])) == ()


RENTED = Owed(nano(840), FORTNIGHT, usd_per_hour=Decimal("2.5"))


@pytest.mark.parametrize(
    ("name", "kind", "usd"),
    [
        # 840 $ in 336 hours are 1,825 $ a month. Spot at 1.25 halves them; reserved at 1.79 they are 1,306.70 $
        ("NVIDIA H100 80GB HBM3", "spot", 912.5),
        ("NVIDIA H100 PCIe", "reserve", 1825 - 1306.7),
        ("NVIDIA L4", "", 0),
    ],
)
def test_another_contract_is_priced_from_the_bundled_list(name: str, kind: str, usd: float) -> None:
    scene = figures([replace(gpu(0, "", 100, 250), name=name)], [840], RENTED)
    found = advice(scene)
    assert kinds(found) == ([kind] if kind else [])
    assert all((each.subject, each.month_nano, each.confidence) == (name, nano(usd), "low") for each in found)


@pytest.mark.parametrize("source", [RateSource.LIST, RateSource.OWNED, RateSource.UNKNOWN])
def test_only_a_real_rent_is_held_against_other_contracts(source: RateSource) -> None:
    scene = figures([replace(gpu(0, "", 100, 250), name="NVIDIA H200")], [840], RENTED._replace(source=source))
    assert advice(scene) == ()


def test_one_model_s_gpus_get_one_line() -> None:
    offer_of = traffic("llama", 0, hosted=9)
    scene = figures([card(0, "llama", "own", map_of(dict.fromkeys(CELLS, 0.95)))], [672], BY_HOUR)
    assert kinds(advice(replace(scene, compared=(offer_of,)))) == ["idle-gpu"]


def test_a_span_is_told_in_hours_of_the_week_of_its_clocks() -> None:
    # Thursday 1 January 1970, half past one in a zone one hour ahead, for 90 minutes and then a week more
    found = hours_of([(HOUR // 2, 2 * HOUR + 7 * DAY, HOUR)])
    assert found[3, 1] == HOUR + HOUR // 2
    assert found[3, 2] == 2 * HOUR
    assert sum(found.values()) == 7 * DAY + 3 * HOUR // 2
    assert len(found) == 168


@pytest.mark.parametrize(
    ("name", "billions"),
    [
        ("meta-llama/Llama-3.3-70B-Instruct", "70"),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", "56"),
        ("Qwen/Qwen2.5-0.5B", "0.5"),
        ("Llama-3.3-70B-Instruct-FP8", None),
        ("TheBloke/Llama-2-70B-AWQ", None),
        ("llama-70b-Q4_K_M.gguf", None),
        ("openai/gpt-oss-120b", None),
        ("house/secret", None),
    ],
)
def test_a_model_s_name_tells_its_weights_unless_they_are_small_already(name: str, billions: str | None) -> None:
    assert billions_of(name) == (None if billions is None else Decimal(billions))


@pytest.mark.parametrize(
    ("name", "count", "gib", "idle", "keep"),
    [
        # 70 GB x 1.2 = 84 GB do not fit 95 % of one 80 GB card, but of one of 96 GB
        ("llama-70b", 2, 80, 0.7, None),
        ("llama-70b", 2, 96, 0.7, 1),
        ("llama-70b", 4, 80, 0.7, 2),  # 168 GB at 16 bits need more than two of them
        ("llama-13b", 4, 80, 0.7, None),  # at 16 bits one holds it: four are there for speed
        ("llama-180b", 8, 80, 0.8, 4),  # 432 GB at 16 bits need more than four, 216 GB fit three of them
        ("llama-70b", 2, 96, 0.5, None),  # half busy of two is all of one
        ("llama-70b-awq", 2, 96, 0.7, None),
    ],
)
def test_a_model_is_quantised_where_that_frees_half_of_its_gpus(
    name: str, count: int, gib: int, idle: float, keep: int | None
) -> None:
    hours = map_of(dict.fromkeys(CELLS, idle))
    scene = figures([card(at, name, "own", hours) for at in range(count)], [672] * count)
    memory = {at: Memory(gib * GIB, gib * 10**9) for at in range(count)}
    found = advice(replace(scene, memory=memory))
    assert kinds(found) == ([] if keep is None else ["quantise"])
    if keep is not None:
        assert found[0].month_nano == nano(672 * (count - keep) * 730 / 336)
        assert found[0].action == f"serve it at 8 bits on {keep} of {count} GPUs"
        assert found[0].confidence == "low"
