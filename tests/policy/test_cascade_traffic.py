"""The threshold comes from the user's own prompts: whatever they are, the wanted share goes to the cheaper model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.policy.cascade_traffic import FORGET_SCORES, TELLING_SCORES, ScoreCounts

SPREAD = [step / 1_000 for step in range(1, 1_001)]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.6, 0.95, 1.0])
def test_the_wanted_share_of_prompts_lies_under_the_threshold(share: float) -> None:
    counts = ScoreCounts().seen(SPREAD)
    threshold = counts.threshold(share)
    assert threshold is not None
    assert sum(value <= threshold for value in SPREAD) / len(SPREAD) == counts.share(threshold) == share


def test_of_few_prompts_nothing_is_concluded() -> None:
    counts = ScoreCounts().seen([0.4] * (TELLING_SCORES - 1))
    assert counts.threshold(0.6) is None
    assert counts.seen([0.4]).threshold(0.6) == 0.4
    assert ScoreCounts().share(0.5) is None


def test_prompts_of_one_score_stay_together_and_the_share_that_comes_of_it_is_told() -> None:
    counts = ScoreCounts().seen([0.2] * 300 + [0.8] * 100)
    assert [counts.threshold(share) for share in (0.2, 0.6, 0.9)] == [-0.001, 0.2, 0.8]
    assert ScoreCounts().seen([0.2] * 300).threshold(0.5) == -0.001, "between none and all: the stronger model"
    assert [counts.share(threshold) for threshold in (-0.001, 0.2, 0.8)] == [0.0, 0.75, 1.0]


def test_old_traffic_fades_and_the_counts_stay_bounded() -> None:
    counts = ScoreCounts()
    for _ in range(20):
        counts = counts.seen([0.1] * 10_000)
    assert counts.threshold(0.6) == 0.1
    for _ in range(60):
        counts = counts.seen([0.9] * 10_000)
    assert counts.total <= FORGET_SCORES
    share = counts.share(0.1)
    assert share is not None
    assert share < 0.02


def test_scores_out_of_range_count_at_the_nearer_end() -> None:
    counts = ScoreCounts().seen([-5.0, 7.0, float("inf")])
    assert (counts.counts[0], counts.counts[-1], counts.total) == (1, 2, 3)


@given(st.lists(st.integers(0, 1_000), min_size=TELLING_SCORES, max_size=400), st.floats(0, 1))
def test_no_other_threshold_comes_nearer_to_the_share(steps: list[int], share: float) -> None:
    scores = [step / 1_000 for step in steps]
    counts = ScoreCounts().seen(scores)
    threshold = counts.threshold(share)
    assert threshold is not None
    reached = sum(value <= threshold for value in scores) / len(scores)
    nearest = min(abs(sum(v <= t for v in scores) / len(scores) - share) for t in {-0.001, *scores})
    assert abs(reached - share) == pytest.approx(nearest, abs=1e-12)


@given(st.permutations(SPREAD[::4]))
def test_neither_order_nor_batches_matter(scores: list[float]) -> None:
    counts = ScoreCounts()
    for begin in range(0, len(scores), 50):
        counts = counts.seen(scores[begin : begin + 50])
    assert counts == ScoreCounts().seen(SPREAD[::4])
