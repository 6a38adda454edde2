"""A real `pynvml` against a compiled stand-in for the driver's library.

The stand-in follows a scenario file (see the head of `fake_nvml.c`):

    driver V | gpus N | speed X | epoch UNIXSECONDS
    at SECOND GPU|*|lib KEY=VALUE...    idle busy util= used= power= proc=PID:MiB mig=N lost back
                                        unsupported=FUNC deny=FUNC fail=FUNC:CODE:DELAY_MS ok=FUNC

Its energy counter is the exact integral of power, so an oracle is a sum.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("fake_nvml.c")
LIBRARY = "libnvidia-ml.so.1"


@dataclass(frozen=True)
class FakeDriver:
    """A folder with the library in it, and the files that steer it."""

    library_dir: Path
    folder: Path

    @property
    def trace(self) -> Path:
        """One line a call: function, GPU, return code."""
        return self.folder / "trace.txt"

    @property
    def environment(self) -> dict[str, str]:
        """For a subprocess that is to load the stand-in."""
        return {
            "LD_LIBRARY_PATH": str(self.library_dir),
            "FAKE_NVML_SCENARIO": str(self.folder / "scenario.txt"),
            "FAKE_NVML_TRACE": str(self.trace),
        }

    def play(self, *lines: str) -> None:
        """Replace the scenario; a running process follows at its next call."""
        replacement = self.folder / "scenario.new"
        replacement.write_text("\n".join(lines) + "\n")
        replacement.replace(self.folder / "scenario.txt")


def compile_library(folder: Path) -> bool:
    """Build the stand-in into `folder`; False where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return False
    flags = ["-O2", "-fPIC", "-shared", "-fvisibility=hidden"]
    subprocess.run([compiler, *flags, "-o", str(folder / LIBRARY), str(SOURCE), "-lpthread"], check=True)
    return True


@pytest.fixture(scope="session")
def nvml_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds the compiled stand-in."""
    folder = tmp_path_factory.mktemp("nvml")
    if not compile_library(folder):
        pytest.skip("no C compiler: the stand-in for the driver's library cannot be built")
    return folder


@pytest.fixture
def fake_driver(nvml_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDriver:
    """A stand-in whose environment every subprocess of this test inherits."""
    folder = tmp_path / "driver"
    folder.mkdir()
    driver = FakeDriver(nvml_library, folder)
    driver.play("gpus 8")
    for name, value in driver.environment.items():
        monkeypatch.setenv(name, value)
    assert "FAKE_NVML_SCENARIO" in os.environ
    return driver
