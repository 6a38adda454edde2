"""A prompt goes to the cheaper model for a reason that can be read: a label, or a score of named features."""

import json
from math import exp, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.dialects.features import Features, features_of_text
from costtui.dialects.operation import Operation
from costtui.dialects.request import Asked, read_request
from costtui.dialects.vocabulary import SUBJECTS
from costtui.domain.cascade import Effort
from costtui.policy.cascade import Cascade, Choice, pick, score
from costtui.policy.cascade_weights import WEIGHTS, Weight

FRANCE = "What is the capital of France?"
LONG = "First, compare the argument of each author, then, if either is valid, explain why, and where it fails. " * 40
CODE = "Refactor this:\n```py\ndef f(x):\n  return [i for i in x]\n```\nExplain step by step why it is correct."


def asking(text: str, **more: object) -> Asked:
    body = {"model": "chat", "messages": [{"role": "user", "content": text}], **more}
    return read_request(Operation.CHAT, json.dumps(body).encode())


def score_of(text: str) -> float:
    return score(features_of_text(text)).value


def picked(cascade: Cascade, text: str, route: str = "chat", tag: str = "") -> Choice:
    return pick(cascade, asking(text), route=route, tag=tag)


def test_a_score_is_the_logistic_of_the_tables_sum() -> None:
    weights = (
        Weight("length", 0.5, 3.0, lambda f: log2(1 + f.characters), "long ({words})", "short ({words})"),
        Weight("tools", 2.0, 0.0, lambda f: float(f.tools), "tools", ""),
    )
    found = score(Features(characters=31, words=1_240, tools=1), weights)
    assert found.value == round(1 / (1 + exp(-(0.5 * (5 - 3) + 2.0))), 3) == 0.953
    assert found.simple == 0.047
    assert found.reason == "score 0.95: tools, long (1,240 words)"
    assert score(Features(characters=1, words=1), weights).reason == "score 0.27: short (1 word)"
    assert score(Features(characters=7), weights).reason == "score 0.50: nothing stands out"


def test_what_asks_for_more_scores_higher() -> None:
    ranked = sorted([LONG, FRANCE, CODE, "hi"], key=score_of)
    assert ranked == ["hi", FRANCE, CODE, LONG]


@pytest.mark.parametrize("name", ["code", "instructions", "depth", "tools", "maths", "logic"])
def test_each_named_feature_raises_the_score_by_itself(name: str) -> None:
    plain = features_of_text("The weather in Rome was fine on both days of the fair, said Ann.")
    subjects = {subject: tuple(3 * (each == subject) for each in SUBJECTS) for subject in SUBJECTS}
    more = {
        "code": plain._replace(fences=1),
        "depth": plain._replace(depth=40),
        "tools": plain._replace(tools=1),
        **{subject: plain._replace(subjects=subjects[subject]) for subject in ("instructions", "maths", "logic")},
    }
    none = plain._replace(subjects=(0,) * len(SUBJECTS))
    assert score(more[name]).value > score(none).value


def test_the_reason_names_what_weighs_most_on_the_side_the_score_is_on() -> None:
    hard, simple = score(features_of_text(CODE)), score(features_of_text(FRANCE))
    assert hard.reason.startswith(f"score {hard.value:.2f}: code")
    assert simple.reason.startswith(f"score {simple.value:.2f}: short (6 words)")
    assert "long (" in score(features_of_text(LONG)).reason


def test_up_to_the_threshold_the_cheaper_model_is_taken() -> None:
    value = score_of(FRANCE)
    at, under = picked(Cascade(threshold=value), FRANCE), picked(Cascade(threshold=value - 0.001), FRANCE)
    assert (at.cheap, at.simple, under.cheap, under.simple) == (True, 1.0, False, 0.0)
    assert at.reason.endswith(f"; threshold {value:.2f}: cheaper model")
    assert under.reason.endswith(": stronger model")


LABELS = {"batch": Effort.SIMPLE, "legal": Effort.HARD, "chat": Effort.HARD}


@pytest.mark.parametrize(
    ("route", "tag", "cheap", "reason"),
    [
        ("other", "batch", True, "tag batch is labelled simple: cheaper model"),
        ("other", "legal", False, "tag legal is labelled hard: stronger model"),
        ("chat", "", False, "route chat is labelled hard: stronger model"),
        ("chat", "batch", True, "tag batch is labelled simple: cheaper model"),
        ("chat", "unknown", False, "route chat is labelled hard: stronger model"),
    ],
)
@pytest.mark.parametrize("text", ["hi", LONG])
def test_a_label_decides_before_any_feature_and_a_tags_before_a_routes(
    route: str, tag: str, cheap: bool, reason: str, text: str
) -> None:
    choice = picked(Cascade(labels=LABELS), text, route, tag)
    assert (choice.cheap, choice.reason, choice.score) == (cheap, reason, None)


def test_without_a_label_that_fits_the_score_decides() -> None:
    cascade = Cascade(labels=LABELS)
    assert picked(cascade, "hi", "other").cheap
    assert not picked(cascade, LONG, "other").cheap
    assert not picked(Cascade(labels={"": Effort.SIMPLE}), LONG, "other").cheap, "no tag is no label"


def test_the_table_has_every_feature_once_and_no_measure_without_a_bound() -> None:
    names = [row.name for row in WEIGHTS]
    assert len(names) == len(set(names))
    huge = Features(10**12, 10**12, 1.0, 1e9, 10**9, 1.0, 1.0, 1, (50,) * len(SUBJECTS), 10**9, 1)
    assert all(0 <= row.measure(huge) <= 30 for row in WEIGHTS)
    assert all(row.harder or row.simpler for row in WEIGHTS)


@given(text=st.text())
def test_any_prompt_has_a_score_in_thousandths_and_the_same_each_time(text: str) -> None:
    found = score(features_of_text(text))
    assert 0 <= found.value <= 1
    assert found.value == round(found.value, 3)
    assert found.reason == score(features_of_text(text)).reason
