"""The chunks of a chat, written as the events of a message."""

from collections.abc import Mapping

import msgspec

from costtui.dialects.refusals import Refusal
from costtui.dialects.translate.chat_answer import UNREADABLE, Function, Said, ToolCall, message_head, unreadable
from costtui.dialects.translate.reasons import message_tier, stop_reason
from costtui.dialects.translate.tokens import counts_in, message_usage

_NULL = (b"", b"null")
_TEXT = {"type": "text", "text": ""}
_THINKING = {"type": "thinking", "thinking": "", "signature": ""}


class Choice(msgspec.Struct):
    """A piece of one of the answers."""

    index: int = 0
    delta: Said | None = None
    finish_reason: str | None = None
    stop_reason: object = None


class Fault(msgspec.Struct):
    """What a chunk says instead of an answer."""

    message: str | None = None
    code: object = None
    type: object = None


class Chunk(msgspec.Struct):
    """The data of one event."""

    id: str | None = None
    choices: list[Choice] | None = None
    usage: msgspec.Raw = msgspec.Raw()
    service_tier: str | None = None
    error: msgspec.Raw = msgspec.Raw()


_CHUNK = msgspec.json.Decoder(Chunk)
_FAULT = msgspec.json.Decoder(Fault)


class MessageEvents:
    """One stream. The usage comes last in a chat, so `message_start` states zeros and `message_delta` the counts."""

    def __init__(self, model: str) -> None:
        self.ended = False
        """`message_stop` was sent."""
        self._model = model
        self._started = False
        self._block = -1
        """The number of the last block that was begun."""
        self._open = ""
        """The kind of the block that is open; empty if none is."""
        self._call: tuple[int, str] = (0, "")
        self._calls_tools = self._refuses = False
        self._reason: str | None = None
        self._stop: object = None
        self._usage = msgspec.Raw()
        self._tier: str | None = None

    def said(self, data: bytes) -> bytes:
        """What one event's data becomes. Raises Refusal where the answer fails."""
        if data.strip() == b"[DONE]":
            return self._finish()
        try:
            chunk = _CHUNK.decode(data)
        except UNREADABLE:
            raise unreadable("stream") from None
        if bytes(chunk.error) not in _NULL:
            raise _fault(chunk.error)
        if bytes(chunk.usage) not in _NULL:
            self._usage = chunk.usage
        self._tier = chunk.service_tier or self._tier
        return b"".join([self._piece(chunk, choice) for choice in chunk.choices or () if choice.index == 0])

    def idle(self) -> bytes:
        """For a comment, by which an upstream shows that it is still there."""
        return event("ping", {}) if self._started else b""

    def _piece(self, chunk: Chunk, choice: Choice) -> bytes:
        out = b"" if self._started else self._start(chunk)
        self._reason = choice.finish_reason or self._reason
        self._stop = choice.stop_reason or self._stop
        said = choice.delta
        if said is None:
            return out
        if thinking := said.thinking:
            out += self._enter("thinking", _THINKING) + self._delta("thinking_delta", "thinking", thinking)
        for text in (said.text, said.refusal):
            if text:
                out += self._enter("text", _TEXT) + self._delta("text_delta", "text", text)
        self._refuses = self._refuses or bool(said.refusal)
        return out + b"".join([self._tool(call) for call in said.tool_calls or ()])

    def _start(self, chunk: Chunk) -> bytes:
        self._started = True
        usage = message_usage(counts_in(self._usage))
        if tier := message_tier(self._tier):
            usage["service_tier"] = tier
        return event("message_start", {"message": message_head(chunk.id or "", self._model, usage)})

    def _tool(self, call: ToolCall) -> bytes:
        function = call.function or Function()
        out = self._begin_call(call, function.name) if function.name and self._is_new(call) else b""
        if self._open != "tool_use" or (call.index is not None and call.index != self._call[0]):
            raise Refusal(502, "the upstream's stream goes on with a tool call that is not open", "upstream_disordered")
        return out + (
            self._delta("input_json_delta", "partial_json", function.arguments) if function.arguments else b""
        )

    def _is_new(self, call: ToolCall) -> bool:
        place, call_id = self._call
        return self._open != "tool_use" or call.index not in (None, place) or (call.id or call_id) != call_id

    def _begin_call(self, call: ToolCall, name: str) -> bytes:
        call_id = call.id or f"call_{self._block + 1}"
        self._call = (call.index or 0, call_id)
        self._calls_tools = True
        out = self._close()
        return out + self._enter("tool_use", {"type": "tool_use", "id": call_id, "name": name, "input": {}})

    def _enter(self, kind: str, block: Mapping[str, object]) -> bytes:
        """Begin a block unless one of its kind is open."""
        if self._open == kind:
            return b""
        out = self._close()
        self._open = kind
        self._block += 1
        return out + event("content_block_start", {"index": self._block, "content_block": block})

    def _close(self) -> bytes:
        if not self._open:
            return b""
        self._open = ""
        return event("content_block_stop", {"index": self._block})

    def _delta(self, kind: str, member: str, text: str) -> bytes:
        return event("content_block_delta", {"index": self._block, "delta": {"type": kind, member: text}})

    def _finish(self) -> bytes:
        if self._reason is None:
            raise Refusal(502, "the upstream's stream ended before its answer was finished", "upstream_cut")
        reason, sequence = stop_reason(self._reason, self._stop, calls_tools=self._calls_tools, refuses=self._refuses)
        delta = {"stop_reason": reason, "stop_sequence": sequence}
        usage = message_usage(counts_in(self._usage))
        self.ended = True
        return self._close() + event("message_delta", {"delta": delta, "usage": usage}) + event("message_stop", {})


def event(kind: str, members: dict[str, object]) -> bytes:
    """One event of a message's stream."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), msgspec.json.encode({"type": kind, **members}))


def _fault(raw: msgspec.Raw) -> Refusal:
    try:
        fault = _FAULT.decode(raw)
    except UNREADABLE:
        fault = Fault()
    codes = [code for code in (fault.code, fault.type) if isinstance(code, str) and code]
    return Refusal(502, fault.message or "the upstream's stream told of an error", (codes or ["upstream_error"])[0])
