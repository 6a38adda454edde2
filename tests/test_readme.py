"""What the README shows works as it stands there."""

import re
from pathlib import Path

import pytest

from costtui.config.load import load

README = (Path(__file__).parent.parent / "README.md").read_text()
TOML = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
TARGETS = """
[targets]
gpt5 = { provider = "openai", model = "gpt-5", key = "env:OPENAI_API_KEY" }
opus = { provider = "anthropic", model = "claude-opus-4-5", key = "env:ANTHROPIC_API_KEY" }
"""


@pytest.mark.parametrize("block", TOML, ids=range(len(TOML)))
def test_each_configuration_in_the_readme_is_valid(block: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(block if "[targets]" in block else block + TARGETS)
    config = load(path, now_ms=1_795_000_000_000)
    assert config.path == path


def test_the_policy_can_be_driven_as_the_readme_shows() -> None:
    (shown,) = PYTHON
    names: dict[str, object] = {}
    exec(shown, names)
    decision = names["decision"]
    assert getattr(decision, "targets", None) == ("llama", "gpt5")
