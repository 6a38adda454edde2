"""What a prompt looks like, in numbers with names: of the last message of the user, read without a model.

All of it is counting, so it says how much there is to a prompt, not what it means. The words looked for are English.
"""

from typing import Any, NamedTuple

import msgspec

from costtui.dialects.operation import Operation
from costtui.dialects.request import Asked
from costtui.dialects.vocabulary import SUBJECT_OF_WORD, SUBJECTS

READ_BYTES = 16_384
"""Of a longer prompt only the end is read."""
TAIL_BYTES = 8_192
HEAD_CHARACTERS, END_CHARACTERS = 500, 200
"""Of a longer message these are looked at; its length is known all the same. Twice as much tells no more: the merit
measured by `python -m tests.bench.cascade` stays within 0.003."""
SEARCHED_MESSAGES = 64
"""As far back a message of the user is looked for: tools answer in between."""

_PROMPTS = {
    Operation.CHAT: "messages",
    Operation.MESSAGES: "messages",
    Operation.RESPONSES: "input",
    Operation.COMPLETIONS: "prompt",
}
_FAULTS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_MESSAGE = b'{"role"'
_FIGURES = bytes(byte if 48 <= byte <= 57 else 32 for byte in range(256))
_LETTERS = b"abcdefghijklmnopqrstuvwxyz-"
_WORDS = bytes(byte if byte in _LETTERS or byte > 127 else 32 for byte in bytes(range(256)).lower())
_NO_CAPITALS = bytes(byte for byte in range(256) if not 65 <= byte <= 90)
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"{}[]();_#`")
_KNOWN = frozenset(SUBJECT_OF_WORD)


class Features(NamedTuple):
    """Of one prompt. Shares are of what was looked at."""

    characters: int = 0
    """Of the whole message."""
    words: int = 0
    """Of the whole message, by those looked at."""
    distinct: float = 1.0
    """Different words per word."""
    figures: float = 0.0
    """Numbers per word."""
    commas: int = 0
    capitals: float = 0.0
    """Share of the characters."""
    brackets: float = 0.0
    """Share of the characters: those and other marks that programs are full of and prose is not."""
    fences: int = 0
    """One if a block of code is marked as such."""
    subjects: tuple[int, ...] = (0,) * len(SUBJECTS)
    """Different words of each of `vocabulary.SUBJECTS`, in its order."""
    depth: int = 0
    """Messages of the conversation; of a long one those at its end."""
    tools: int = 0
    """One if the request offers any."""


class _Message(msgspec.Struct):
    role: Any = None
    content: msgspec.Raw = msgspec.Raw(b"null")
    text: Any = None


class _Part(msgspec.Struct):
    text: Any = None


_STRING = msgspec.json.Decoder(str)
_MESSAGES = msgspec.json.Decoder(list[_Message])
_PARTS = msgspec.json.Decoder(list[_Part])
_NOTHING = msgspec.Raw(b"null")


def features_of(asked: Asked) -> Features:
    """Never raises, whatever the body holds. PATH: 17 us at 4 KB, 30 at 16 KB, 18 at 5 MB; 0.5 ms for 16 KB of `{}`."""
    raw = asked.fields.get(_PROMPTS.get(asked.operation, ""))
    tools = int(len(asked.fields.get("tools", _NOTHING)) > len("null"))
    if raw is None or len(raw) <= len("null"):
        return Features(tools=tools)
    text, depth, characters = _prompt(raw)
    return _features(text, characters or len(text), depth, tools)


def features_of_text(text: str) -> Features:
    """Of a prompt that is one message without tools."""
    return _features(text, len(text), 1, 0)


def _prompt(raw: msgspec.Raw) -> tuple[str, int, int]:
    """The text to judge, the messages seen, and how long the text is where it is only a part (else 0)."""
    whole = len(raw) <= READ_BYTES
    view = memoryview(raw)
    data = bytes(view) if whole else bytes(view[-TAIL_BYTES:])
    if whole and data[:1] == b'"':
        text = _string(data)
        if text is not None:
            return text, 1, 0
    messages = _messages(data, whole=whole)
    if messages is not None:
        text = _last_of_user(messages)
        if text or whole:
            return text, len(messages), 0
    return data[-HEAD_CHARACTERS - END_CHARACTERS :].decode(errors="replace").replace("\\n", "\n"), 1, len(raw)


def _string(data: bytes | msgspec.Raw) -> str | None:
    try:
        return _STRING.decode(data)
    except _FAULTS:
        return None


def _messages(data: bytes, *, whole: bool) -> list[_Message] | None:
    """The prompt's messages, or of the end of one those that are whole; None if it has none to read."""
    if not whole:
        at = data.find(_MESSAGE)
        if at < 0:
            return None
        data = b"[" + data[at:]
    try:
        return _MESSAGES.decode(data)
    except _FAULTS:
        return None


def _last_of_user(messages: list[_Message]) -> str:
    for message in messages[: -SEARCHED_MESSAGES - 1 : -1]:
        if message.role == "user":
            text = _text(message.content)
            if text:
                return text
    return ""


def _text(content: msgspec.Raw) -> str:
    """Of a string, or of the parts that have some: pictures and what tools returned have none."""
    text = _string(content)
    if text is not None:
        return text
    try:
        parts = _PARTS.decode(content)
    except _FAULTS:
        return ""
    return "\n".join([part.text for part in parts if isinstance(part.text, str)])


def _features(text: str, characters: int, depth: int, tools: int) -> Features:
    seen = text
    if len(text) > HEAD_CHARACTERS + END_CHARACTERS:
        seen = f"{text[:HEAD_CHARACTERS]}\n{text[-END_CHARACTERS:]}"
    data = seen.encode(errors="replace")
    size = len(data) or 1
    words = data.translate(_WORDS).split()
    different = set(words)
    count = len(words) or 1
    subjects = [0] * len(SUBJECTS)
    for word in different & _KNOWN:
        subjects[SUBJECT_OF_WORD[word]] += 1
    return Features(
        characters,
        len(words) * characters // (len(seen) or 1),
        len(different) / count if words else 1.0,
        len(data.translate(_FIGURES).split()) / count,
        data.count(b","),
        len(data.translate(None, _NO_CAPITALS)) / size,
        len(data.translate(None, _NO_BRACKETS)) / size,
        int(b"```" in data),
        tuple(subjects),
        depth,
        tools,
    )
