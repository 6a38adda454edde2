"""`python -m tests.bench.cascade CLONE`, of github.com/lm-sys/RouteLLM: on halves that nothing was learnt from.

Every set is split in halves ten times; the weights are learnt on one and judged on the other, both ways, so each figure
is the mean of twenty. Which measures the table has was chosen with all prompts in sight.
"""

import random
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from costtui.dialects.features import features_of_text
from costtui.policy.cascade import score
from costtui.policy.cascade_traffic import ScoreCounts
from costtui.policy.cascade_weights import Weight
from tests.bench.cascade.answers import FILES, Answer, answers
from tests.bench.cascade.curve import Merit, merit
from tests.bench.cascade.learn import LEARNT, Prompt, learn

SPLITS = 10
CHEAP_SHARE = 0.6
LABELLED = 1 / 3
"""Of the subjects a user who knows them labels so many as simple, and so many as hard."""


class Case(NamedTuple):
    """A prompt with all that a router may look at."""

    answer: Answer
    prompt: Prompt


Half = list[Case]
Router = Callable[[Half], list[float]]


def cases(clone: str, name: str) -> list[Case]:
    """Of one set."""
    return [Case(row, Prompt(features_of_text(row.prompt), row.gain)) for row in answers(clone, name)]


def halves(found: Sequence[Case], seed: int) -> tuple[Half, Half]:
    """Two halves at random."""
    mixed = random.Random(seed).sample(found, len(found))
    return mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]


def by_score(weights: tuple[Weight, ...]) -> Router:
    """As the gateway does."""
    return lambda half: [score(case.prompt.features, weights).value for case in half]


def gains(half: Half) -> dict[str, float]:
    """What the strong model brings, by subject."""
    found = defaultdict(list)
    for case in half:
        found[case.answer.subject].append(case.answer.gain)
    return {subject: sum(values) / len(values) for subject, values in found.items()}


def by_subject(learnt_from: Half) -> Router:
    """Every subject has its place."""
    known = gains(learnt_from)
    return lambda half: [known.get(case.answer.subject, 0.0) for case in half]


def by_label_first(learnt_from: Half, weights: tuple[Weight, ...]) -> Router:
    """A third of the subjects is labelled simple, a third hard; within a label and between them the score decides."""
    known = gains(learnt_from)
    ranked = sorted(known, key=lambda subject: known[subject])
    several = round(len(ranked) * LABELLED)
    label = {**dict.fromkeys(ranked[:several], -1), **dict.fromkeys(ranked[-several:], 1)}
    return lambda half: [
        label.get(case.answer.subject, 0) + score(case.prompt.features, weights).value / 2 for case in half
    ]


def learnt(*found: Half) -> tuple[Weight, ...]:
    """From one or more sets."""
    return learn([[case.prompt for case in half] for half in found])


def routers(name: str, learnt_from: dict[str, Half], seed: int) -> dict[str, Router]:
    """By their names, for the set of that name; `learnt_from` has a half of every set."""
    dice, own = random.Random(seed), learnt_from[name]
    weights = learnt(*learnt_from.values())
    found: dict[str, Router] = {
        "random": lambda half: [dice.random() for _ in half],
        "prompt length": lambda half: [len(case.answer.prompt) for case in half],
        "cascade, learnt on both sets": by_score(weights),
        "cascade, learnt on this set": by_score(learnt(own)),
        "cascade, learnt on the other set": by_score(learnt(*(learnt_from[other] for other in FILES if other != name))),
    }
    if name == "MMLU":
        found["label first, then cascade"] = by_label_first(own, weights)
        found["subject alone"] = by_subject(own)
    return {**found, "oracle": lambda half: [case.answer.gain for case in half]}


def measured(sets: dict[str, list[Case]]) -> dict[tuple[str, str], list[Merit]]:
    """By set and router, of every half that nothing was learnt from."""
    found = defaultdict(list)
    for seed in range(SPLITS):
        split = {name: halves(own, seed) for name, own in sets.items()}
        for side in (0, 1):
            for name, parts in split.items():
                held = parts[1 - side]
                known = routers(name, {each: both[side] for each, both in split.items()}, seed)
                for router, hardness in known.items():
                    found[name, router].append(merit(hardness(held), [case.answer for case in held]))
    return found


def share_reached(found: Sequence[Case]) -> float:
    """Of one half's prompts, at the threshold that the other half's gave for the wanted share."""
    seen, held = halves(found, 0)
    counts = ScoreCounts().seen(score(case.prompt.features).value for case in seen)
    threshold = counts.threshold(CHEAP_SHARE)
    return sum(score(case.prompt.features).value <= (threshold or 0) for case in held) / len(held)


def main(clone: str) -> None:
    """Prints a table, the shares that calibration reached, and the weights that all prompts give."""
    sets = {name: cases(clone, name) for name in FILES}
    found = measured(sets)
    print("| set | router | APGR | worst | above length | CPT50 | CPT80 | CPT95 |\n|---|---|---|---|---|---|---|---|")
    for (name, router), merits in found.items():
        wins = sum(a.apgr > b.apgr for a, b in zip(merits, found[name, "prompt length"], strict=True))
        areas = [each.apgr for each in merits]
        cpt = [f"{sum(column) / len(merits):.1f}" for column in zip(*(each.cpt for each in merits), strict=True)]
        mean = sum(areas) / len(areas)
        print(f"| {name} | {router} | {mean:.3f} | {min(areas):.3f} | {wins}/{len(areas)} | {' | '.join(cpt)} |")
    for name, own in sets.items():
        print(f"{name}: {len(own)} prompts; {CHEAP_SHARE:.0%} asked for, {share_reached(own):.1%} reached")
    for row in learnt(*sets.values())[:LEARNT]:
        print(f"{row.name}: weight {row.weight:.3f}, typical {row.typical:.2f}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("say where a clone of github.com/lm-sys/RouteLLM lies: python -m tests.bench.cascade CLONE")
    main(sys.argv[1])
