"""Steering before a simulated replica that gets twice what it can bear, at a constant rate."""

from itertools import pairwise

from costtui.domain.ask import Ask
from costtui.policy.facts import Known, Rates, Serving
from costtui.policy.steer import Way
from costtui.policy.steering import Sent, Steering
from costtui.replay.pool import Job, Replica, ReplicaModel

PER_SECOND = 20
SECONDS = 60
PROMPT, ANSWER = 600, 100
"""Tokens: 20 a second are 12,000 where 6,000 are read while answers are written."""


def choices() -> list[tuple[float, str]]:
    """When each request came and where it went."""
    way = Way("chat", "idle-first", ("llama", "gpt5"))
    known = [Known("llama", Serving(10_000.0, 2_500.0), Rates()), Known("gpt5", None, Rates(output=1))]
    steering, replica = Steering({"chat": way}, known), Replica(ReplicaModel())
    sent: dict[int, Sent] = {}
    found = []
    for number in range(PER_SECOND * SECONDS):
        at = number / PER_SECOND
        for happened in replica.advance(at):
            at_ms = int(happened.at * 1000)
            if happened.ended:
                steering.ended(sent.pop(happened.number), at_ms, PROMPT, ANSWER)
            else:
                steering.first_byte(sent[happened.number], at_ms)
        ask = Ask("chat", int(at * 1000), prompt_tokens=PROMPT)
        first = steering.decide(ask).targets[0]
        attempt = steering.began(first, ask)
        if first == "llama" and attempt is not None:
            sent[number] = attempt
            replica.take(Job(number, at, PROMPT, ANSWER))
        found.append((at, first))
    return found


def test_under_constant_load_traffic_does_not_go_to_and_fro_with_every_request() -> None:
    settled = [each for each in choices() if each[0] >= 10]
    pairs = list(pairwise(settled))
    left = [at for (_, before), (at, after) in pairs if (before, after) == ("llama", "gpt5")]
    returned = [at for (_, before), (at, after) in pairs if (before, after) == ("gpt5", "llama")]
    away = [next(back for back in returned if back > at) - at for at in left[:-1]]
    # a tenth of the objective of 2 s must have been worked off: four requests' time, where one would do without
    assert min(away) >= 0.15
    assert len(left) <= 5 * (SECONDS - 10)
    share = sum(name == "llama" for _, name in settled) / len(settled)
    assert 0.4 <= share <= 0.6, "and half of it is served here all the while"
