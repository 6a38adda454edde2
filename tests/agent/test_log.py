"""One event is one line, whatever it contains."""

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costtui.agent.clock import SystemClock
from costtui.agent.log import NAME, Log


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.text(), min_size=1, max_size=5))
def test_a_line_is_one_event_whatever_it_contains(tmp_path: Path, texts: list[str]) -> None:
    (tmp_path / NAME).unlink(missing_ok=True)
    log = Log(tmp_path, SystemClock())
    for text in texts:
        log.write("said", text=text)
    log.close()
    lines = (tmp_path / NAME).read_bytes().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["said"] * len(texts)


def test_the_log_is_the_users_own_and_never_larger_than_two_files(tmp_path: Path) -> None:
    log = Log(tmp_path, SystemClock(), rotate_bytes=1_000)
    for number in range(100):
        log.write("tick", number=number)
    log.close()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == [NAME, NAME + ".1"]
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    assert all(file.stat().st_size < 1_100 for file in files)
    kept = [json.loads(line)["number"] for file in reversed(files) for line in file.read_text().splitlines()]
    assert kept == list(range(kept[0], 100))
