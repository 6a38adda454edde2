"""The host around the GPUs."""

from pathlib import Path

from costtui.probes.host import HostProbe


def test_the_first_read_has_no_cpu_percent_and_the_second_has(tmp_path: Path) -> None:
    probe = HostProbe(tmp_path)
    assert probe.read(1).cpu_percent is None
    reading = probe.read(2)
    assert reading.cpu_percent is not None
    assert reading.memory_total_bytes
    assert reading.boot_id


def test_a_value_that_cannot_be_read_is_unknown_with_its_reason(tmp_path: Path) -> None:
    reading = HostProbe(tmp_path / "absent").read(1)
    assert reading.disk_used_bytes is None
    assert [problem.what for problem in reading.problems] == ["disk"]
