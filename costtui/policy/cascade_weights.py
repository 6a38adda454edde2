"""What makes a prompt hard, as one table: change a row and every score follows.

Learnt rows: ridge regression of what the strong model gained (1 if it alone was right, -1 if the weak one alone was) in
RouteLLM's stored answers of gpt-4-1106-preview and Mixtral-8x7B (Apache-2.0) to MMLU and GSM8K, both with the same
weight, without the prompts that RouteLLM names as contaminated; `python -m tests.bench.cascade` fits them again. Those
are questions of one message without tools and with hardly any programs, so the last four rows are judged, not learnt.
"""

from collections.abc import Callable
from math import log2
from typing import NamedTuple

from costtui.dialects.features import Features
from costtui.dialects.vocabulary import SUBJECTS

_AMOUNTS, _LOGIC, _MATHS, _PROGRAMS, _JUDGEMENT, _INSTRUCTIONS, _QUESTIONS = map(
    SUBJECTS.index, ("amounts", "logic", "maths", "programs", "judgement", "instructions", "questions")
)
CODE_WORDS, CODE_BRACKETS = 6, 0.1
"""So many words of programming, or this share of brackets, are surely code."""


class Weight(NamedTuple):
    """One row: adds `weight` times what the measure is above `typical` to the score's logit."""

    name: str
    weight: float
    typical: float
    """What questions of both sets have on average."""
    measure: Callable[[Features], float]
    """Bounded: the longest prompt counts no more than 2^20 characters."""
    harder: str
    """What a reason says where it makes the prompt harder; empty to keep it to itself. `{words}` is its length."""
    simpler: str


def _length(features: Features) -> float:
    return min(log2(1 + features.characters), 20.0)


def _code(features: Features) -> float:
    marks = features.subjects[_PROGRAMS] / CODE_WORDS + features.brackets / CODE_BRACKETS
    return 1.0 if features.fences else min(marks, 1.0)


WEIGHTS = (
    Weight("length", 0.25, 8.09, _length, "long ({words})", "short ({words})"),
    Weight("commas", 0.354, 1.14, lambda f: log2(1 + f.commas), "many clauses", "few clauses"),
    Weight("repetition", -2.482, 0.71, lambda f: f.distinct, "repeats its words", "hardly repeats a word"),
    Weight("capitals", 14.803, 0.03, lambda f: min(f.capitals, 0.1), "many names", "few names"),
    Weight("figures", -4.253, 0.07, lambda f: min(f.figures, 0.5), "few figures", "figures"),
    Weight("maths", 0.254, 0.14, lambda f: log2(1 + f.subjects[_MATHS]), "maths", ""),
    Weight("amounts", 0.129, 1.15, lambda f: log2(1 + f.subjects[_AMOUNTS]), "amounts", ""),
    Weight("logic", 0.186, 0.83, lambda f: log2(1 + f.subjects[_LOGIC]), "logic", ""),
    Weight("judgement", 0.446, 0.18, lambda f: log2(1 + f.subjects[_JUDGEMENT]), "judgement", ""),
    Weight("questions", 0.413, 0.52, lambda f: log2(1 + f.subjects[_QUESTIONS]), "questions", ""),
    Weight("code", 1.5, 0.0, _code, "code", ""),
    Weight("instructions", 0.4, 0.2, lambda f: log2(1 + f.subjects[_INSTRUCTIONS]), "instructions", ""),
    Weight("depth", 0.15, 0.0, lambda f: min(log2(max(f.depth, 1)), 8.0), "late in a conversation", ""),
    Weight("tools", 0.8, 0.0, lambda f: float(f.tools), "tools", ""),
)
