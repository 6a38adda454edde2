"""Energy: from the counter once, from power where the counter is missing, never twice."""

from hypothesis import given
from hypothesis import strategies as st

from costtui.analysis.energy import EnergyStep, advance
from costtui.domain.reading import GpuReading


def reading(counter: int | None = None, power: int | None = None, *, lost: bool = False) -> GpuReading:
    return GpuReading("GPU-a", 0, "H100", energy_millijoules=counter, power_milliwatts=power, lost=lost)


def run(*readings: tuple[int, GpuReading]) -> list[EnergyStep]:
    cursor, steps = None, []
    for at_ms, each in readings:
        steps.append(advance(cursor, each, at_ms))
        cursor = steps[-1].cursor
    return steps


def used(*readings: tuple[int, GpuReading]) -> list[int | None]:
    return [step.millijoules for step in run(*readings)]


def test_energy_is_the_counters_difference() -> None:
    assert used((1_000, reading(5_000)), (2_000, reading(705_000))) == [None, 700_000]


def test_a_missing_counter_is_integrated_from_power_and_marked() -> None:
    # (300 W + 500 W) / 2 x 1 s = 400 J
    steps = run((1_000, reading(power=300_000)), (2_000, reading(power=500_000)))
    assert (steps[1].millijoules, steps[1].estimated) == (400_000, True)


def test_neither_counter_nor_power_is_unknown_and_not_0() -> None:
    assert used((1_000, reading()), (2_000, reading())) == [None, None]


def test_a_driver_reload_is_integrated_over_the_span() -> None:
    steps = run(
        (1_000, reading(9_000_000, 400_000)), (2_000, reading(100, 400_000)), (3_000, reading(400_100, 400_000))
    )
    assert [(step.millijoules, step.estimated) for step in steps[1:]] == [(400_000, True), (400_000, False)]


def test_a_reload_while_nobody_looked_counts_what_the_new_counter_holds() -> None:
    # 1 h at up to 400 W bounds it to 1,440 kJ; the new counter says 900 kJ
    steps = run((0, reading(9_000_000, 400_000)), (3_600_000, reading(900_000, 400_000)))
    assert (steps[1].millijoules, steps[1].estimated) == (900_000, True)


def test_a_counter_that_stumbles_never_bills_its_past_again() -> None:
    # it fell by 1 mJ after 10 s: at most 10 s x 400 W = 4 kJ
    assert used((0, reading(5_000_000_000, 400_000)), (10_000, reading(4_999_999_999, 400_000))) == [None, 4_000_000]


def test_the_counter_over_a_gap_is_counted_once() -> None:
    assert used((0, reading(0)), (172_800_000, reading(60_000_000)), (172_801_000, reading(60_000_700))) == [
        None,
        60_000_000,
        700,
    ]


def test_power_is_not_integrated_over_a_gap() -> None:
    assert used((0, reading(power=300_000)), (6_000, reading(power=300_000))) == [None, None]


def test_a_lost_gpu_is_billed_once_when_it_is_back() -> None:
    steps = used((0, reading(1_000)), (1_000, reading(lost=True)), (2_000, reading(lost=True)), (3_000, reading(1_900)))
    assert steps == [None, None, None, 900]


def test_what_was_estimated_is_taken_off_when_the_counter_is_back() -> None:
    # 300 J integrated while the counter was away, 650 J by the counter over both seconds: 350 J are left
    found = used((0, reading(0, 300_000)), (1_000, reading(None, 300_000)), (2_000, reading(650_000, 300_000)))
    assert found == [None, 300_000, 350_000]


@given(
    st.lists(st.tuples(st.integers(1, 9_000), st.integers(0, 10**6), st.sampled_from("clm")), min_size=1, max_size=30)
)
def test_a_monotone_counter_is_billed_exactly_once(steps: list[tuple[int, int, str]]) -> None:
    """c: counter read; l: lost; m: counter missing, no power either."""
    at_ms, counter, cursor, whole, last = 0, 0, None, 0, 0
    cursor = advance(None, reading(0), 0).cursor
    for wait_ms, energy, kind in steps:
        at_ms, counter = at_ms + wait_ms, counter + energy
        step = advance(cursor, reading(counter if kind == "c" else None, lost=kind == "l"), at_ms)
        cursor, whole = step.cursor, whole + (step.millijoules or 0)
        last = counter if kind == "c" else last
    assert whole == last


@given(st.lists(st.tuples(st.integers(0, 500_000), st.booleans()), min_size=1, max_size=30))
def test_an_estimate_never_adds_to_what_the_counter_says(steps: list[tuple[int, bool]]) -> None:
    counter, whole = 0, 0
    cursor = advance(None, reading(0, 300_000), 0).cursor
    for second, (energy, present) in enumerate(steps, 1):
        counter += energy
        step = advance(cursor, reading(counter if present else None, 300_000), second * 1_000)
        cursor, whole = step.cursor, whole + (step.millijoules or 0)
        assert step.millijoules is None or step.millijoules >= 0
    counter += 300_000 * len(steps)
    step = advance(cursor, reading(counter, 300_000), (len(steps) + 1) * 1_000)
    assert whole + (step.millijoules or 0) == counter
