"""The events of a message, written as the chunks of a chat."""

import msgspec

from costtui.dialects.counts import Counts, raised
from costtui.dialects.refusals import Refusal
from costtui.dialects.translate.chat_answer import UNREADABLE, unreadable
from costtui.dialects.translate.messages_answer import Block, StopDetails, arguments_of, chat_head, tool_call
from costtui.dialects.translate.reasons import chat_tier, finish_reason
from costtui.dialects.translate.tokens import chat_usage, counts_in

_PING = b": ping\n\n"
_DONE = b"data: [DONE]\n\n"


class Started(msgspec.Struct):
    """The message that begins."""

    id: str = ""
    usage: msgspec.Raw = msgspec.Raw()


class Delta(msgspec.Struct):
    """A piece of a block, or how the message ended."""

    type: str = ""
    text: str = ""
    thinking: str = ""
    partial_json: str = ""
    stop_reason: str | None = None
    stop_details: StopDetails | None = None


class Fault(msgspec.Struct):
    """What an `error` event tells."""

    type: str = ""
    message: str = ""


class Event(msgspec.Struct):
    """The data of one event."""

    type: str = ""
    message: Started | None = None
    content_block: Block | None = None
    delta: Delta | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: Fault | None = None


_EVENT = msgspec.json.Decoder(Event)
_NO_BLOCK = Block()


class ChatChunks:
    """One stream. `include_usage`: the client asked for a last chunk with the usage."""

    def __init__(self, model: str, *, include_usage: bool) -> None:
        self.ended = False
        """`[DONE]` was sent."""
        self._model = model
        self._include_usage = include_usage
        self._head: dict[str, object] = {}
        self._block = _NO_BLOCK
        """The block that is open."""
        self._calls = 0
        self._has_arguments = False
        self._reason: str | None = None
        self._refusal: str | None = None
        self._counts: Counts | None = None

    def said(self, data: bytes) -> bytes:
        """What one event's data becomes. Raises Refusal where the answer fails."""
        try:
            event = _EVENT.decode(data)
        except UNREADABLE:
            raise unreadable("stream") from None
        if event.type == "ping":
            return _PING
        if event.type == "error":
            fault = event.error or Fault()
            message = fault.message or "the upstream's stream told of an error"
            raise Refusal(502, message, fault.type or "upstream_error")
        if not self._head and event.type != "message_start":
            raise unreadable("stream")
        return self._part(event)

    def idle(self) -> bytes:
        """For a comment, by which an upstream shows that it is still there."""
        return _PING

    def _part(self, event: Event) -> bytes:
        """Kinds that are not known are to be passed over, says the API's documentation."""
        match event.type:
            case "message_start":
                return self._start(event.message or Started())
            case "content_block_start":
                return self._begin(event.content_block or _NO_BLOCK)
            case "content_block_delta":
                return self._piece(event.delta or Delta())
            case "content_block_stop":
                return self._close()
            case "message_delta":
                return self._note(event)
            case "message_stop":
                return self._finish()
            case _:
                return b""

    def _start(self, message: Started) -> bytes:
        self._counts = counts_in(message.usage)
        tier = chat_tier(self._counts.service_tier) if self._counts is not None else None
        self._head = chat_head("chat.completion.chunk", message.id, self._model, tier)
        return self._chunk({"role": "assistant", "content": ""})

    def _begin(self, block: Block) -> bytes:
        self._block = block
        self._has_arguments = False
        if block.type == "tool_use":
            self._calls += 1
            return self._chunk({"tool_calls": [{"index": self._calls - 1, **tool_call(block, "")}]})
        return self._piece(Delta(text=block.text, thinking=block.thinking))

    def _piece(self, delta: Delta) -> bytes:
        if self._block.type == "text" and delta.text:
            return self._chunk({"content": delta.text})
        if self._block.type == "thinking" and delta.thinking:
            return self._chunk({"reasoning_content": delta.thinking})
        if self._block.type == "tool_use" and delta.partial_json:
            self._has_arguments = True
            return self._arguments(delta.partial_json)
        return b""

    def _close(self) -> bytes:
        """A tool use without a piece of input has all of it where it began."""
        block, self._block = self._block, _NO_BLOCK
        if block.type == "tool_use" and not self._has_arguments:
            return self._arguments(arguments_of(block))
        return b""

    def _arguments(self, text: str) -> bytes:
        return self._chunk({"tool_calls": [{"index": self._calls - 1, "function": {"arguments": text}}]})

    def _note(self, event: Event) -> bytes:
        """How it ended; said again, the later one counts, and a count that is left out stands as it was."""
        delta = event.delta or Delta()
        self._reason = delta.stop_reason or self._reason
        if delta.stop_details is not None:
            self._refusal = delta.stop_details.explanation
        later = counts_in(event.usage)
        if later is not None:
            self._counts = raised(self._counts, later) if self._counts is not None else later
        return b""

    def _finish(self) -> bytes:
        if self._reason is None:
            raise Refusal(502, "the upstream's stream ended before its answer was finished", "upstream_cut")
        self.ended = True
        out = self._chunk({"refusal": self._refusal} if self._refusal else {}, finish_reason(self._reason))
        usage = chat_usage(self._counts) if self._include_usage else None
        if usage is not None:
            out += _data(self._head | {"choices": [], "usage": usage})
        return out + _DONE

    def _chunk(self, delta: dict[str, object], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return _data(self._head | {"choices": [choice]})


def _data(chunk: dict[str, object]) -> bytes:
    return b"data: %b\n\n" % msgspec.json.encode(chunk)
