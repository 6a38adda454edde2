"""What the gateway takes from the agent's picture: rates of own tokens, and rent that budgets set aside."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from costtui.gateway.host import NOTHING, read_host
from costtui.store.writer import TelemetryWriter

NOON_MS = 1_795_435_200_000


def painted(folder: Path, body: bytes) -> Path:
    writer = TelemetryWriter.open(folder, now_ms=NOON_MS)
    writer.publish(body, NOON_MS).result(10)
    writer.close()
    return folder


def test_rates_and_what_is_set_aside_are_read_and_what_is_unknown_is_missing(tmp_path: Path) -> None:
    picture = {
        "engines": [
            {"name": "llama", "usd_per_million_tokens": {"allocation": 1.25}},
            {"name": "idle", "usd_per_million_tokens": {"allocation": None}},
        ],
        "budgets": [
            {"name": "all", "set_aside_usd": 59.76},
            {"name": "power", "set_aside_usd": None},
            {"name": "old"},
        ],
    }
    found = read_host(painted(tmp_path, json.dumps(picture).encode()))
    assert found is not None
    assert found.at_ms == NOON_MS
    assert found.rates == {"llama": Decimal("1.25")}
    assert found.aside == {"all": 59_760_000_000}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"engines":1,"budgets":[]}', b'{"engines":[],"budgets":[1]}'])
def test_a_picture_that_makes_no_sense_says_nothing(tmp_path: Path, body: bytes) -> None:
    assert read_host(painted(tmp_path, body)) == NOTHING


def test_without_an_agent_there_is_no_picture(tmp_path: Path) -> None:
    assert read_host(tmp_path) is None
