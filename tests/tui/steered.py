"""A state directory with routes to steer, and the screen over it."""

import json
from pathlib import Path

from costtui.report.schema import ConfigState
from costtui.tui.app import CosttuiApp
from costtui.tui.frame import text_of
from costtui.tui.helm import Helm
from costtui.tui.options import ScreenOptions
from tests.tui.archives import FixedArchive
from tests.tui.pictures import NOW_MS, FixedClock, FixedFeed, carried

BUDGET = """
[budgets.apis]
limit_usd = 100
window = "month"
covers = ["api"]
"""
CONFIG = """
[host]
timezone = "Europe/Berlin"
control = "{control}"
[targets.llama]
engine = "vllm"
url = "http://127.0.0.1:8000/v1"
model = "llama"
[targets.novita]
provider = "novita"
model = "llama"
key = "env:NOVITA_KEY"
[targets.gpt5]
provider = "openai"
model = "gpt-5"
key = "env:OPENAI_KEY"
[routes.chat]
strategy = "weighted"
targets = ["llama", "novita"]
weights = {{ llama = 70, novita = 30 }}
[routes.code]
strategy = "cheapest"
targets = ["gpt5"]
"""


def config_file(state_dir: Path, control: str = "ask") -> Path:
    path = state_dir / "config.toml"
    path.write_text(CONFIG.format(control=control))
    return path


def gateway_says(state_dir: Path, revision: int) -> None:
    told = {"pid": 7, "at_ms": NOW_MS, "listen": "x", "in_flight": 0, "revision": revision, "targets": {}}
    (state_dir / "gateway.json").write_text(json.dumps(told))


def helm(state_dir: Path, actor: str = "ana") -> Helm:
    return Helm(state_dir, actor, FixedClock())


def steered(
    state_dir: Path,
    control: str = "ask",
    *,
    read_only: bool = False,
    ascii_only: bool = False,
    archive: FixedArchive | None = None,
) -> CosttuiApp:
    """The screen of somebody called ana."""
    path = config_file(state_dir, control)
    picture = carried(config=ConfigState(path=str(path), loaded_at=None))
    options = ScreenOptions(ascii_only=ascii_only)
    return CosttuiApp(FixedFeed(picture), FixedClock(), options, None if read_only else helm(state_dir), archive)  # type: ignore[arg-type]  # answers by hand


def text(app: CosttuiApp) -> str:
    assert app.frame is not None
    return text_of(app.frame)
