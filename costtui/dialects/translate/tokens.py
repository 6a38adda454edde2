"""What an answer used, read from one dialect's usage object and written as the other's.

A chat's prompt has the tokens that a cache read or wrote in it, a message's input leaves them out.
"""

import msgspec

from costtui.dialects.counts import Counts, forgiving_counts
from costtui.dialects.operation import Operation
from costtui.dialects.usage import usage_of

_COUNTS = msgspec.json.Decoder(Counts)
_NOT_STATED = {"input_tokens": 0, "output_tokens": 0}


def counts_in(raw: msgspec.Raw) -> Counts | None:
    """The counts of a usage object; of an odd one those that make sense, None if there are none."""
    if bytes(raw) in (b"", b"null"):
        return None
    try:
        return _COUNTS.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return forgiving_counts(raw)


def message_usage(counts: Counts | None) -> dict[str, object]:
    """A chat's counts for a message; zeros where there are none, because a message must state them."""
    usage = usage_of(counts, Operation.CHAT, "") if counts is not None else None
    if usage is None:
        return dict(_NOT_STATED)
    written = usage.cache_write_tokens + usage.cache_write_1h_tokens
    shown: dict[str, object] = {
        "input_tokens": usage.input_tokens - usage.cached_input_tokens - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": usage.cached_input_tokens,
        "output_tokens": usage.output_tokens,
    }
    if usage.reasoning_tokens:
        shown["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return shown


def chat_usage(counts: Counts | None) -> dict[str, object] | None:
    """A message's counts for a chat; None where they are not stated."""
    usage = usage_of(counts, Operation.MESSAGES, "") if counts is not None else None
    if usage is None:
        return None
    inside = {
        "cached_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens + usage.cache_write_1h_tokens,
    }
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": inside,
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
