"""A stream of the one dialect, written as the other's, whatever the reads that it comes in."""

from costtui.dialects.frames import data_of, split_events, whole_length
from costtui.dialects.operation import Operation
from costtui.dialects.refusals import Refusal, sse_error
from costtui.dialects.stream import LINE_LIMIT
from costtui.dialects.translate.chat_answer import UNREADABLE_CODE
from costtui.dialects.translate.chat_stream import MessageEvents
from costtui.dialects.translate.messages_stream import ChatChunks


class StreamTranslator:
    """One stream. The client's own last event comes only where the upstream's did and its answer was finished.

    What the upstream tells of an error, or cannot be followed, ends it by an error event. `model` is the name that the
    client asked for. Memory: one event of at most 1 MiB.
    """

    def __init__(self, client: Operation, upstream: Operation, model: str, *, include_usage: bool) -> None:
        self._client = client
        self._writer: MessageEvents | ChatChunks
        match client, upstream:
            case Operation.MESSAGES, Operation.CHAT:
                self._writer = MessageEvents(model)
            case Operation.CHAT, Operation.MESSAGES:
                self._writer = ChatChunks(model, include_usage=include_usage)
            case _:
                raise ValueError(f"a stream of {upstream} cannot be written as one of {client}")
        self._parts: list[bytes] = []
        self._waiting = 0
        self._over = False

    def feed(self, data: bytes) -> bytes:
        """What to send on now."""
        if self._over:
            return b""
        self._parts.append(data)
        self._waiting += len(data)
        out = b""
        if b"\n" in data or b"\r" in data:
            buffer = b"".join(self._parts)
            whole = whole_length(buffer)
            self._parts, self._waiting = [buffer[whole:]], len(buffer) - whole
            out = self._events(split_events(buffer[:whole]))
        if self._waiting > LINE_LIMIT and not self._over:
            out += self._fail(_too_long())
        return out

    def end(self) -> bytes:
        """What is still to be sent at the end of the body; an event that lacks only its empty line counts.

        A stream that broke off gets no end here: the caller knows why it did and tells the client by `sse_error`.
        """
        if self._over:
            return b""
        self._over = True
        try:
            return self._event(b"".join(self._parts))
        except Refusal as refusal:
            is_half = refusal.code == UNREADABLE_CODE
            return b"" if is_half else self._fail(refusal)

    def _events(self, events: list[bytes]) -> bytes:
        out = []
        for event in events:
            try:
                out.append(self._event(event))
            except Refusal as refusal:
                out.append(self._fail(refusal))
            self._over = self._over or self._writer.ended
            if self._over:
                break
        return b"".join(out)

    def _event(self, event: bytes) -> bytes:
        if len(event) > LINE_LIMIT:
            raise _too_long()
        data = data_of(event)
        if data:
            return self._writer.said(data)
        return self._writer.idle() if event.lstrip().startswith(b":") else b""

    def _fail(self, refusal: Refusal) -> bytes:
        self._over = True
        self._parts = []
        return sse_error(self._client, refusal.message, refusal.code)


def _too_long() -> Refusal:
    return Refusal(502, "an event of the upstream's stream is longer than 1 MiB", "upstream_too_long")
