"""What judging a request costs: `python -m tests.bench.cascade.cost`. CPU microseconds, best of seven, as JSON."""

import json
from functools import partial
from pathlib import Path

from costtui.dialects.features import features_of
from costtui.dialects.operation import Operation
from costtui.dialects.request import Asked, read_request
from costtui.policy.cascade import Cascade, pick, score
from costtui.policy.cascade_traffic import ScoreCounts
from tests.bench.dialects import microseconds

README = Path("README.md").read_text()
SIZES = {"1 KB": 1_000, "4 KB": 4_000, "16 KB": 15_000, "100 KB": 100_000, "5 MB": 5_000_000}


def chat(characters: int) -> Asked:
    """One message of prose, tables and commands."""
    text = (README * (characters // len(README) + 1))[:characters]
    return _asked(json.dumps([{"role": "user", "content": text}]).encode())


def _asked(messages: bytes) -> Asked:
    return read_request(Operation.CHAT, b'{"model":"m","messages":%b}' % messages)


def figures() -> dict[str, float]:
    """By size, for a conversation, and for a body made to be slow."""
    found = {f"features_of {name}": microseconds(partial(features_of, chat(size))) for name, size in SIZES.items()}
    turns = json.dumps([{"role": "user", "content": README[:500]}, {"role": "assistant", "content": README[:500]}] * 50)
    hostile = b"[{},%b]" % b",".join([b"{}"] * 5_000)
    found["features_of 100 messages"] = microseconds(partial(features_of, _asked(turns.encode())))
    found["features_of 5,001 empty messages"] = microseconds(partial(features_of, _asked(hostile)))
    found["score"] = microseconds(partial(score, features_of(chat(4_000))))
    found["pick 4 KB"] = microseconds(partial(pick, Cascade(), chat(4_000), route="chat"))
    counts = ScoreCounts()
    found["ScoreCounts.seen, 100 scores"] = microseconds(partial(counts.seen, [0.4] * 100))
    return found


if __name__ == "__main__":
    print(json.dumps(figures(), indent=1))
