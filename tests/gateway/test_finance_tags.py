"""The gateway keeps what callers say of team and owner, of those that the configuration names."""

from pathlib import Path

from costtui.config.load import load_bytes
from costtui.gateway.tables import Tables

CONFIG = b"""
[targets]
api = { provider = "openai", model = "gpt-5", key = "env:KEY" }
[finance]
teams = { search = ["key:ci", "tag:nightly"] }
owners = { "g@acme.example" = ["key:ci"] }
"""


def test_tags_of_configured_teams_and_owners_are_kept_and_no_others() -> None:
    config = load_bytes(Path("c.toml"), CONFIG, 0)
    tables = Tables.of(config, {"KEY": "k"}, lambda: 0.0, lambda: 0, lambda lane: 1)
    assert tables.tags == {"team=search", "nightly", "owner=g@acme.example"}
    tables.close()
