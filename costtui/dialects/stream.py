"""Meter a stream of server-sent events as it passes, whatever the reads that it comes in.

Events are not parsed one by one: a read is searched for the few marks that an event with usage, an error or the end
must have, and only such events are. A mark inside a text of the model has its quotes escaped, or else is found not to
be one when its event is read.
"""

from costtui.dialects.answer import Item, with_output_items
from costtui.dialects.counts import Counts, raised
from costtui.dialects.estimate import estimate_output_tokens
from costtui.dialects.events import Event, read_event
from costtui.dialects.frames import data_of, split_events, whole_length
from costtui.dialects.operation import Operation
from costtui.dialects.usage import usage_of
from costtui.domain.usage import Usage

LINE_LIMIT = 2**20
"""Bytes of an event that has not ended."""
ENVELOPE_SPREAD_BYTES = 64
"""By which the JSON around the text differs from event to event: a role here, a reason to finish or timings there."""

_USAGE = b'"usage"'
_NO_USAGE = b'"usage":null'
_ERROR = b'"error"'
_MARKS = {
    Operation.MESSAGES: (b"message_stop", _ERROR),
    Operation.RESPONSES: (b'"response"', _ERROR),
}
_CHAT_MARKS = (b"[DONE]", _ERROR)
_MADE = {
    Operation.CHAT: b'"delta"',
    Operation.COMPLETIONS: b'"text"',
    Operation.MESSAGES: b'"content_block_delta"',
    Operation.RESPONSES: b'.delta"',
}
"""What an event that carries something of the answer has."""


class StreamMeter:
    """One stream. `hide_usage` takes out the extra chunk that states the usage, because the client did not ask for it.

    2 us for a read of one event, 0.4 us an event where many come in one read.
    """

    __slots__ = (
        "_blind",
        "_counts",
        "_hide_usage",
        "_made",
        "_made_bytes",
        "_marks",
        "_operation",
        "_output",
        "_parts",
        "_provider",
        "_smallest",
        "_tier",
        "_waiting",
        "ended",
        "failed",
        "model",
        "output_events",
        "too_long",
    )

    def __init__(self, operation: Operation, provider: str, *, hide_usage: bool) -> None:
        self._operation = operation
        self._provider = provider
        self._hide_usage = hide_usage
        self._marks = _MARKS.get(operation, _CHAT_MARKS)
        self._made = _MADE.get(operation, b'"delta"')
        self._parts: list[bytes] = []
        self._waiting = 0
        self._blind = False
        self._counts: Counts | None = None
        self._tier: str | None = None
        self._output: tuple[Item, ...] = ()
        self._made_bytes = 0
        self._smallest = LINE_LIMIT
        self.model = ""
        """As the events that state the usage name it; empty where they do not."""
        self.ended = False
        """The protocol's own last event was there: `[DONE]`, `message_stop`, `response.completed` and its kin."""
        self.failed = False
        """The stream told of an error, or cannot be followed any more."""
        self.too_long = False
        """An event went on for over 1 MiB; what comes after is passed on unread."""
        self.output_events = 0

    @property
    def usage(self) -> Usage | None:
        """What the stream has stated so far; None if nothing."""
        if self._counts is None:
            return None
        usage = usage_of(self._counts, self._operation, self._provider, self._tier)
        return with_output_items(usage, list(self._output)) if usage is not None else None

    @property
    def estimate_output_tokens(self) -> int:
        """A token an event, or a quarter of the text's bytes where events carry much more than the smallest of them."""
        text_bytes = self._made_bytes - self.output_events * self._smallest
        if text_bytes <= self.output_events * ENVELOPE_SPREAD_BYTES:
            return self.output_events
        return max(self.output_events, estimate_output_tokens(text_bytes))

    def feed(self, data: bytes) -> bytes:
        """What to send on now; the same object unless the usage is hidden."""
        if self._blind:
            return data
        buffer = data
        if self._parts:
            if b"\n" not in data and b"\r" not in data:
                return self._wait(data, b"")
            buffer = b"".join(self._parts) + data
            self._parts, self._waiting = [], 0
        whole = whole_length(buffer)
        if whole == len(buffer):
            shown = self._scan(buffer)
            return shown if self._hide_usage else data
        shown = self._scan(buffer[:whole]) if whole else b""
        passed = self._wait(buffer[whole:], shown)
        return passed if self._hide_usage else data

    def end(self) -> bytes:
        """What is still to be sent at the end of the body; an event that lacks only its empty line counts."""
        rest = b"".join(self._parts)
        self._parts, self._waiting = [], 0
        shown = self._look(rest)
        return shown if self._hide_usage else b""

    def _wait(self, part: bytes, shown: bytes) -> bytes:
        """Keep the begun event; gives up on one that does not end."""
        self._parts.append(part)
        self._waiting += len(part)
        if self._waiting > LINE_LIMIT:
            self._blind = self.failed = self.too_long = True
            shown += b"".join(self._parts)
            self._parts, self._waiting = [], 0
        return shown if self._hide_usage else part

    def _scan(self, block: bytes) -> bytes:
        """Whole events: only counted, unless one of them has a mark."""
        first, second = self._marks
        if first in block or second in block or (_USAGE in block and block.count(_USAGE) != block.count(_NO_USAGE)):
            return self._look(block)
        self._count(block)
        return block

    def _look(self, block: bytes) -> bytes:
        first, second = self._marks
        events = split_events(block)
        hidden = []
        for made in events if self._operation is Operation.RESPONSES else (block,):
            self._count(made)  # the last event of `responses` holds all that was made once more
        for place, event in enumerate(events):
            if (_USAGE in event or first in event or second in event) and self._read(event):
                hidden.append(place)
        for place in reversed(hidden):
            del events[place]
        return b"".join(events) if hidden else block

    def _read(self, event: bytes) -> bool:
        """Take what it says; whether it is to be hidden."""
        said = read_event(self._operation, data_of(event))
        if said is None:
            return False
        self.ended = self.ended or said.is_end
        self.failed = self.failed or said.is_error
        if said.counts is not None:
            self._take(said, said.counts)
        return self._hide_usage and said.counts is not None and not said.has_choices

    def _take(self, said: Event, counts: Counts) -> None:
        if self._counts is not None and self._operation is Operation.MESSAGES:
            counts = raised(self._counts, counts)  # its last event leaves out what its first one stated
        self._counts = counts
        self._tier = said.tier or self._tier
        self.model = said.model or self.model
        self._output = said.output

    def _count(self, block: bytes) -> None:
        made = block.count(self._made)
        if made:
            self.output_events += made
            self._made_bytes += len(block)
            self._smallest = min(self._smallest, len(block) // made)
