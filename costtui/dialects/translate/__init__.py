"""Between chat completions and Anthropic messages, so that a client of the one can be served by the other."""

from costtui.dialects.operation import Operation
from costtui.dialects.translate.answers import translate_answer
from costtui.dialects.translate.errors import translate_error
from costtui.dialects.translate.requests import translate_request
from costtui.dialects.translate.stream import StreamTranslator

__all__ = ["CAN_TRANSLATE", "StreamTranslator", "translate_answer", "translate_error", "translate_request"]

CAN_TRANSLATE = frozenset({(Operation.CHAT, Operation.MESSAGES), (Operation.MESSAGES, Operation.CHAT)})
"""Pairs of what the client asks in and what the upstream speaks."""
