"""Between chat completions and Anthropic messages, so that a client of the one can be served by the other."""

from costtui.dialects.translate.answers import translate_answer
from costtui.dialects.translate.errors import translate_error
from costtui.dialects.translate.requests import translate_request
from costtui.dialects.translate.stream import StreamTranslator

__all__ = ["StreamTranslator", "translate_answer", "translate_error", "translate_request"]
