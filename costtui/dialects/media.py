"""Whether a prompt carries pictures, sound or files, whose bytes say nothing about their tokens."""

from collections.abc import Mapping

import msgspec

from costtui.dialects.operation import Operation

_PROMPTS = {Operation.CHAT: "messages", Operation.MESSAGES: "messages", Operation.RESPONSES: "input"}
_KINDS = (
    b'"image_url"', b'"input_audio"', b'"file"',
    b'"image"', b'"document"',
    b'"input_image"', b'"input_file"',
)  # fmt: skip
"""Types of content parts: of chat, of messages, of responses."""


def speaks_of_media(operation: Operation, fields: Mapping[str, msgspec.Raw]) -> bool:
    """Whether a content part of the prompt is of a media type; a prompt without typed parts is seen at once."""
    raw = fields.get(_PROMPTS.get(operation, ""))
    if raw is None:
        return False
    prompt = bytes(raw)
    return b'"type"' in prompt and any(kind in prompt for kind in _KINDS)
