"""Attacks in every string of the picture, on each screen in turn: `python -m tests.bench.hostile_names [COUNT]`."""

import json
import sys
from itertools import cycle

from costtui.tui.frame import framed, text_of
from costtui.tui.scene import Choices, Scene
from tests.tui.hostile import hostile_status, payloads
from tests.tui.pictures import NOW_MS
from tests.tui.test_frame import VIEWS
from tests.tui.test_hostile import CONTROL


def main() -> None:
    """Prints how many payloads were drawn, and how many left a control character behind."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    passed = sum(
        CONTROL.search(text_of(framed(Scene(hostile_status(text), NOW_MS, 120, 40, Choices(view=view))))) is not None
        for text, view in zip(payloads(count, seed=3), cycle(VIEWS), strict=False)
    )
    print(json.dumps({"payloads": count, "with_control_characters": passed}))


if __name__ == "__main__":
    main()
