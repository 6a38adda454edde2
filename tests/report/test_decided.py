"""The gateway's own list of decisions, whatever is in the file."""

import json
from pathlib import Path

import pytest

from costtui.report.decided import Considered, decided


def written(folder: Path, body: bytes) -> Path:
    (folder / "decisions.json").write_bytes(body)
    return folder


def test_each_request_has_its_reason_and_everything_that_was_considered(tmp_path: Path) -> None:
    candidates = [
        {"target": "llama", "marginal_nano": 0, "why": ""},
        {"target": "x\x1b[2J", "marginal_nano": None, "why": "full"},
    ]
    told = {"decisions": [{"request_id": 7, "reason": "idle-first: llama has room", "candidates": candidates}]}
    found = decided(written(tmp_path, json.dumps(told).encode()))
    assert found[7].reason == "idle-first: llama has room"
    assert found[7].candidates[0] == Considered("llama", 0, "")
    assert found[7].candidates[1].marginal_nano is None
    assert "\x1b" not in found[7].candidates[1].target


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"decisions":[1]}', b'{"decisions":[{"request_id":"a"}]}', b"[" * 5_000, b"\xff"]
)
def test_a_list_that_makes_no_sense_says_nothing(tmp_path: Path, body: bytes) -> None:
    assert decided(written(tmp_path, body)) == {}


def test_without_a_gateway_there_is_no_list(tmp_path: Path) -> None:
    assert decided(tmp_path) == {}
