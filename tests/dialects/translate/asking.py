"""Translate a request that is written as Python objects."""

import json
from typing import Any

import pytest

from costtui.dialects.operation import Operation
from costtui.dialects.refusals import Refusal
from costtui.dialects.request import read_request
from costtui.dialects.translate.requests import translate_request

HI: dict[str, Any] = {"role": "user", "content": "hi"}


def to_messages(target: str = "claude", /, **fields: Any) -> dict[str, Any]:
    """A chat request (a plain one but for `fields`) as messages."""
    return _translated(Operation.CHAT, Operation.MESSAGES, target, {"model": "fast", "messages": [HI], **fields})


def to_chat(target: str = "tiny", /, **fields: Any) -> dict[str, Any]:
    """A request of messages (a plain one but for `fields`) as chat."""
    plain = {"model": "fast", "max_tokens": 9, "messages": [HI], **fields}
    return _translated(Operation.MESSAGES, Operation.CHAT, target, plain)


def refused_to_messages(**fields: Any) -> str:
    """Why a chat request cannot be said in messages."""
    with pytest.raises(Refusal) as caught:
        to_messages(**fields)
    return _told(caught.value)


def refused_to_chat(**fields: Any) -> str:
    """Why a request of messages cannot be said in chat."""
    with pytest.raises(Refusal) as caught:
        to_chat(**fields)
    return _told(caught.value)


def _told(refusal: Refusal) -> str:
    assert refusal.status == 400
    return f"{refusal.code}: {refusal.message}"


def _translated(source: Operation, to: Operation, model: str, body: dict[str, Any]) -> dict[str, Any]:
    asked = read_request(source, json.dumps(body).encode())
    translated: dict[str, Any] = json.loads(translate_request(source, to, asked, model))
    return translated
