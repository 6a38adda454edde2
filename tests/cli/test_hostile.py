"""Whatever a host calls itself: nothing that is printed can steer a terminal."""

import json

import msgspec
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from costtui.cli.given import parse
from costtui.cli.status import rendered
from costtui.report.schema import to_json
from tests.tui.hostile import hostile_status, payloads


def obeyed(text: str) -> list[str]:
    """Control characters that a terminal would act on; a line's end is ours."""
    return [letter for letter in text if (ord(letter) < 32 and letter != "\n") or 127 <= ord(letter) < 160]


@pytest.mark.parametrize("flags", [set(), {"--line"}, {"--json"}])
@pytest.mark.parametrize("ascii_only", [False, True])
@settings(max_examples=25, deadline=None)
@drawn(
    text=st.one_of(
        st.text(max_size=400),
        st.sampled_from(payloads(200)).map(lambda text: text.encode(errors="replace").decode()),
        st.text(alphabet=st.characters(max_codepoint=0x9F), max_size=100),
    )
)
def test_no_picture_prints_a_control_character(flags: set[str], ascii_only: bool, text: str) -> None:
    picture = hostile_status(text)
    # the time zone is the configuration's, which only takes zones that exist
    host = msgspec.structs.replace(picture.host, timezone="Europe/Berlin")
    body = to_json(msgspec.structs.replace(picture, host=host))
    given = parse(["--ascii"] if ascii_only else [], {})
    shown = rendered(body, given, flags)
    assert obeyed(shown) == []
    if "--json" in flags:
        assert json.loads(shown) == json.loads(body)
    elif ascii_only:
        assert shown.isascii()
    if flags:
        assert "\n" not in shown
