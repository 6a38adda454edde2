"""Which warnings go out as alerts."""

import msgspec
import pytest

from costtui.config.model import Alerts, Config
from costtui.report.schema import Warn
from costtui.report.warnings import conditions
from tests.tui.pictures import status


@pytest.mark.parametrize(
    ("since", "sent"),
    [
        ("2026-11-23T10:46:03Z", True),  # 15 minutes before the picture of 11:01:03
        ("2026-11-23T10:46:04Z", False),
        ("2026-11-23T11:01:02Z", False),  # an engine that was down when the agent started
    ],
)
def test_a_source_is_reported_once_it_has_been_silent_for_the_limit(since: str, sent: bool) -> None:
    silent = Warn(key="source:engine:llama", level="warn", text="does not answer", since=since)
    picture = msgspec.structs.replace(status(), warnings=(silent,))
    assert bool(conditions(picture, Config(alerts=Alerts(source_silent_seconds=900)))) is sent
