"""The bound that no router reaches, against every way of dropping requests."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costtui.replay.clairvoyant import Window, clairvoyant


def fits(windows: list[tuple[Window, float]], replicas: int) -> bool:
    """Whether so much work of each can be done in its window: of every span no more than it holds."""
    for begins in {window.begins for window, _ in windows}:
        for ends in {window.ends for window, _ in windows if window.ends > begins}:
            inside = sum(part for window, part in windows if window.begins >= begins and window.ends <= ends)
            if inside > replicas * (ends - begins) + 1e-6:
                return False
    return True


def oracle(windows: list[Window], replicas: int) -> float:
    """Greedy over the polymatroid: the densest first, each as far as every span allows."""
    taken: list[tuple[Window, float]] = []
    saved = 0.0
    for window in sorted(windows, key=lambda each: -each.saves / each.work):
        low, high = 0.0, window.work
        if fits([*taken, (window, high)], replicas):
            low = high
        else:
            for _ in range(50):
                middle = (low + high) / 2
                low, high = (middle, high) if fits([*taken, (window, middle)], replicas) else (low, middle)
        taken.append((window, low))
        saved += window.saves * low / window.work
    return saved


windows = st.lists(
    st.builds(
        lambda begins, length, work, saves: Window(begins, begins + length, work, saves),
        st.floats(0, 20),
        st.floats(0.5, 10),
        st.floats(0.1, 5),
        st.floats(0.01, 3),
    ),
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(windows, st.integers(1, 3))
def test_the_bound_is_the_best_that_the_relaxation_allows(made: list[Window], replicas: int) -> None:
    assert clairvoyant(made, replicas).saved == pytest.approx(oracle(made, replicas), rel=1e-4, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.lists(windows.filter(bool).map(lambda made: made[0]), min_size=1, max_size=7), st.integers(1, 2))
def test_no_choice_of_whole_requests_saves_more(made: list[Window], replicas: int) -> None:
    best = max(
        sum(window.saves for window in chosen)
        for size in range(len(made) + 1)
        for chosen in combinations(made, size)
        if fits([(window, window.work) for window in chosen], replicas)
    )
    assert clairvoyant(made, replicas).saved >= best - 1e-6


def test_by_hand() -> None:
    dear, cheap = Window(0, 2, 2, 4.0), Window(0, 2, 2, 1.0)
    assert clairvoyant([dear], 1) == (4.0, 2.0)
    assert clairvoyant([dear, cheap], 1).saved == pytest.approx(4.0), "two seconds hold the dearer one alone"
    assert clairvoyant([dear, cheap], 2).saved == pytest.approx(5.0)
    assert clairvoyant([cheap, dear, Window(1, 3, 2, 3.0)], 1).saved == pytest.approx(4.0 + 1.5)
    assert clairvoyant([], 1) == (0.0, 0.0)
    assert clairvoyant([dear], 0) == (0.0, 0.0)
