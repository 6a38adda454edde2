"""What of a request bounds its cost before anything is sent: its own limits, and what lies outside of its bytes.

Read from https://platform.openai.com/docs/api-reference and https://docs.anthropic.com/en/api/messages, 2026-11.
"""

import re
from typing import NamedTuple

import msgspec

from costtui.dialects.operation import Operation
from costtui.dialects.request import Asked

_LIMITS = {
    Operation.CHAT: ("max_completion_tokens", "max_tokens"),
    Operation.COMPLETIONS: ("max_tokens",),
    Operation.MESSAGES: ("max_tokens",),
    Operation.RESPONSES: ("max_output_tokens",),
}
_MAKES_NOTHING = frozenset({Operation.EMBEDDINGS, Operation.COUNT_TOKENS})
_ELSEWHERE = {
    Operation.RESPONSES: ("previous_response_id", "conversation", "prompt"),
    Operation.MESSAGES: ("mcp_servers", "container"),
}
"""Fields whose input lies at the provider."""
_TYPE = re.compile(rb'"type"\s*:\s*"([^"\\]{1,40})"')
_HIDDEN_NAME = re.compile(rb"\\u00[4-7]")
"""A letter that needs no escape: nobody writes one so, except to hide a name from a search."""
_PICTURES = frozenset({b"image_url", b"image", b"input_image", b"computer_screenshot"})
_OPAQUE = frozenset(
    {
        *(b"file", b"document", b"input_file", b"container_upload", b"item_reference"),
        *(b"input_audio", b"audio", b"audio_url", b"input_video", b"video", b"video_url"),
    }
)
_OWN_TOOL = re.compile(
    r"function|custom|(bash|text_editor|computer|memory)(_\d+)?|computer_use_preview|computer-preview|local_shell|shell"
    r"|apply_patch"
)
"""Types of tools that the caller runs; every other one is the provider's to run."""
_FEWEST, _MOST = 1, 1 << 40


class _Tool(msgspec.Struct):
    type: str = "function"
    max_uses: int | None = None


class Bounds(NamedTuple):
    """Upper bounds that a request states for itself."""

    output_tokens: int | None
    """Of one answer; None: it names no limit."""
    answers: int
    """How many are made and charged: `n`, `best_of`, several prompts."""
    pictures: int
    """In the prompt, at most; their bytes say nothing about their tokens."""
    opaque: str
    """What makes the input as large as the model can take, because it is not in the body's text; empty if nothing."""
    server_calls: int | None
    """How often a tool that runs at the provider may be called, each time with the whole input; None: no limit."""


_PLAIN = Bounds(None, 1, 0, "", 0)


def bounds_of(asked: Asked, body: bytes) -> Bounds:
    """The bounds of a sound request. Parts with types lie in a list within the list of messages: a body of one list is
    not searched (0.8 us), others are (100 us at 100 KB)."""
    fields, operation = asked.fields, asked.operation
    output = 0 if operation in _MAKES_NOTHING else _output_tokens(operation, fields)
    answers = _answers(operation, fields) if "n" in fields or "best_of" in fields or "prompt" in fields else 1
    pictures, opaque, calls = 0, "", 0
    if body.find(b"[", body.find(b"[") + 1) > 0:  # `find` goes by memchr: a tenth of what `count` takes
        pictures, opaque = _media(body)
    for name in _ELSEWHERE.get(operation, ()):
        if name in fields and bytes(fields[name]) != b"null":
            opaque = name
    if "tools" in fields or "web_search_options" in fields:
        return Bounds(output, answers, pictures, opaque, _server_calls(fields))
    return tuple.__new__(Bounds, (output, answers, pictures, opaque, calls))


def bounded(asked: Asked, output_tokens: int, *, newer: bool = False) -> tuple[Asked, bytes]:
    """The request with that limit of output, and its new body. `newer`: `chat` is told by `max_completion_tokens`,
    which OpenAI's own models want and others ignore."""
    names = _LIMITS[asked.operation]
    name = names[0] if newer or len(names) == 1 else names[-1]
    fields = {**asked.fields, name: msgspec.Raw(b"%d" % output_tokens)}
    return asked._replace(fields=fields), msgspec.json.encode(fields)


def output_limit(asked: Asked) -> int | None:
    """The limit of output that it names itself; None without one."""
    return 0 if asked.operation in _MAKES_NOTHING else _output_tokens(asked.operation, asked.fields)


def _output_tokens(operation: Operation, fields: dict[str, msgspec.Raw]) -> int | None:
    """The largest of the limits that it names: upstreams differ on which one they heed."""
    held: int | None = None
    for name in _LIMITS[operation]:
        raw = fields.get(name)
        if raw is not None and bytes(raw) != b"null":
            stated = _count(raw)
            if stated is None:
                return None
            held = stated if held is None or stated > held else held
    return held


def _count(raw: msgspec.Raw) -> int | None:
    """A whole number of at least one; None for anything else, -1 (llama.cpp: no limit) included."""
    text = bytes(raw)
    if not text.isdigit() or len(text) > 12:
        return None
    number = int(text)
    return number if _FEWEST <= number <= _MOST else None


def _answers(operation: Operation, fields: dict[str, msgspec.Raw]) -> int:
    """At least one; a number that nobody can mean is taken for very many."""
    each = 1
    for name in ("n", "best_of"):
        raw = fields.get(name)
        if raw is not None and bytes(raw) != b"null":
            stated = _count(raw)
            each = max(each, _MOST if stated is None else stated)
    return each * (_prompts(fields["prompt"]) if operation is Operation.COMPLETIONS and "prompt" in fields else 1)


def _prompts(raw: msgspec.Raw) -> int:
    """A list of texts or of token lists is so many prompts; a list of tokens is one."""
    text = bytes(raw)
    if not text.startswith(b"[") or text[1:9].lstrip()[:1].isdigit():
        return 1
    return max(1, len(msgspec.json.decode(text, type=list[msgspec.Raw])))


def _media(body: bytes) -> tuple[int, str]:
    """Pictures, and the first kind of part whose tokens cannot be told from the body. Counts too many, never too few:
    a text that speaks of a picture has its quotes escaped."""
    if _HIDDEN_NAME.search(body):
        return 0, "escaped letters"
    pictures, opaque = 0, ""
    for kind in _TYPE.findall(body):
        if kind in _PICTURES:
            pictures += 1
        elif kind in _OPAQUE:
            opaque = opaque or kind.decode("ascii", "replace")
    return pictures, opaque


def _server_calls(fields: dict[str, msgspec.Raw]) -> int | None:
    """How often tools may run at the provider; None without a limit."""
    if "web_search_options" in fields:
        return None
    try:
        tools = msgspec.json.decode(fields["tools"], type=list[_Tool] | None) or []
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    calls = 0
    for tool in tools:
        if not _OWN_TOOL.fullmatch(tool.type):
            if tool.max_uses is None or tool.max_uses < 0:
                return None
            calls += tool.max_uses
    return calls
