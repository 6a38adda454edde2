"""Read what a whole answer says: its usage, its model, and whether it is one."""

from functools import lru_cache
from typing import NamedTuple

import msgspec

from costtui.dialects.counts import Count, Counts, Details, forgiving_counts
from costtui.dialects.estimate import estimate_output_tokens
from costtui.dialects.operation import Operation
from costtui.dialects.usage import tier_of, usage_of
from costtui.domain.clean import clean
from costtui.domain.usage import Usage


class Answer(NamedTuple):
    """What an upstream's body says of itself."""

    usage: Usage | None
    """None is not stated."""
    complete: bool
    """Whether it is a whole answer in its operation's own terms."""
    model: str
    estimate_output_tokens: int
    """From the bytes of what was made; 0 where the usage is stated."""


class Choice(msgspec.Struct):
    """One of a chat's or completion's answers."""

    finish_reason: str | None = None


class Item(msgspec.Struct):
    """One part of what `responses` made."""

    type: str = ""


class Ends(msgspec.Struct):
    """By what each operation's answer shows that it is whole."""

    model: str | None = None
    choices: list[Choice] | None = None
    stop_reason: str | None = None
    status: str | None = None
    output: list[Item] | None = None
    data: msgspec.Raw = msgspec.Raw()
    input_tokens: Count | None = None
    service_tier: str | None = None
    error: msgspec.Raw = msgspec.Raw()


class GeminiCounts(msgspec.Struct):
    """Google's own usage object."""

    promptTokenCount: Count | None = None  # noqa: N815 - as the API calls it
    cachedContentTokenCount: Count | None = None  # noqa: N815
    candidatesTokenCount: Count | None = None  # noqa: N815
    thoughtsTokenCount: Count | None = None  # noqa: N815
    toolUsePromptTokenCount: Count | None = None  # noqa: N815


class Body(Ends):
    """With the usage that a well-behaved upstream states; Google's and Ollama's own counters too."""

    usage: Counts | None = None
    usageMetadata: GeminiCounts | None = None  # noqa: N815 - as the API calls it
    prompt_eval_count: Count | None = None
    eval_count: Count | None = None


class PlainCounts(msgspec.Struct):
    """What most upstreams say of a chat, and no more."""

    prompt_tokens: Count
    completion_tokens: Count
    prompt_tokens_details: Details | None = None
    completion_tokens_details: Details | None = None
    service_tier: str | None = None


class PlainBody(msgspec.Struct):
    """A chat's answer as most upstreams give it: read in a third of the time."""

    choices: list[Choice]
    usage: PlainCounts
    model: str = ""
    service_tier: str | None = None
    error: msgspec.Raw = msgspec.Raw()


_new = tuple.__new__
"""A NamedTuple's own constructor is written in Python and takes 0.3 us more."""
_CHAT = Operation.CHAT
_PLAIN = msgspec.json.Decoder(PlainBody)
_MORE_TO_READ = frozenset({"deepseek", "google", "openrouter", "sglang", "xai"})
"""Providers whose usage has members that a plain one has not, or counts reasoning apart."""
_BODY = msgspec.json.Decoder(Body)
_ENDS = msgspec.json.Decoder(Ends)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_MADE = {
    Operation.CHAT: "choices",
    Operation.COMPLETIONS: "choices",
    Operation.RESPONSES: "output",
    Operation.MESSAGES: "content",
}
_ENVELOPE_BYTES = 100
"""JSON around the text that was made."""
_NULL = (b"", b"null")
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@lru_cache(maxsize=256)
def shown_model(model: str) -> str:
    """A model's name as an answer gives it, cleaned once: that is 3 of the 5 us of reading an answer."""
    return clean(model)


def read_answer(operation: Operation, provider: str, body: bytes) -> Answer:
    """What the body says; never raises, whatever it is."""
    if operation is _CHAT and provider not in _MORE_TO_READ and (plain := _read_plain(body)) is not None:
        return plain
    try:
        answer = _BODY.decode(body)
    except _UNREADABLE:
        return _read_odd(operation, provider, body)
    usage = _usage_in(answer, operation, provider)
    made = 0 if usage is not None else _made_tokens(operation, body)
    return Answer(usage, _is_whole(operation, answer), shown_model(answer.model or ""), made)


def _read_plain(body: bytes) -> Answer | None:
    """One finished choice with the usual counts; None for anything else."""
    try:
        answer = _PLAIN.decode(body)
    except _UNREADABLE:
        return None
    choices, counts = answer.choices, answer.usage
    inside, outside = counts.prompt_tokens_details, counts.completion_tokens_details
    if len(choices) != 1 or not choices[0].finish_reason or len(answer.error):
        return None
    given, made = counts.prompt_tokens, counts.completion_tokens
    tier = counts.service_tier or answer.service_tier
    cached = (inside.cached_tokens or 0) if inside is not None else 0
    if inside is not None and (inside.audio_tokens or inside.cache_write_tokens or cached > given):
        return None
    if outside is not None and (outside.audio_tokens or outside.reasoning_tokens):
        return None
    shown = "" if tier is None else tier_of(tier)
    usage = _new(Usage, (given, made, cached, 0, 0, 0, 0, 0, 0, 0, shown, None))
    return _new(Answer, (usage, True, shown_model(answer.model), 0))


def _usage_in(answer: Body, operation: Operation, provider: str) -> Usage | None:
    if answer.usage is None:
        return _native(answer)
    usage = usage_of(answer.usage, operation, provider, answer.service_tier)
    if usage is None or answer.output is None or operation is not Operation.RESPONSES:
        return usage
    return with_output_items(usage, answer.output)


def with_output_items(usage: Usage, output: list[Item]) -> Usage:
    """`responses` bills searches and pictures by the piece and states them only as parts of what it made."""
    kinds = [item.type for item in output]
    searches, images = kinds.count("web_search_call"), kinds.count("image_generation_call")
    return usage._replace(web_searches=searches, images=images) if searches or images else usage


def _native(answer: Body) -> Usage | None:
    counts = answer.usageMetadata
    if counts is not None and counts.promptTokenCount is not None and counts.candidatesTokenCount is not None:
        given, thoughts = counts.promptTokenCount, counts.thoughtsTokenCount or 0
        return Usage(
            input_tokens=given + (counts.toolUsePromptTokenCount or 0),
            output_tokens=counts.candidatesTokenCount + thoughts,
            cached_input_tokens=min(counts.cachedContentTokenCount or 0, given),
            reasoning_tokens=thoughts,
        )
    if answer.prompt_eval_count is not None and answer.eval_count is not None:
        return Usage(input_tokens=answer.prompt_eval_count, output_tokens=answer.eval_count)
    return None


def _is_whole(operation: Operation, ends: Ends) -> bool:
    if bytes(ends.error) not in _NULL:
        return False
    match operation:
        case Operation.CHAT | Operation.COMPLETIONS:
            choices = ends.choices or []
            return bool(choices) and all(choice.finish_reason for choice in choices)
        case Operation.MESSAGES:
            return bool(ends.stop_reason)
        case Operation.RESPONSES:
            return ends.status in ("completed", "incomplete")
        case Operation.EMBEDDINGS:
            return bytes(ends.data).startswith(b"[")
        case Operation.COUNT_TOKENS:
            return ends.input_tokens is not None


def _read_odd(operation: Operation, provider: str, body: bytes) -> Answer:
    """Of a body with odd values what can be trusted."""
    try:
        fields = _FIELDS.decode(body)
    except _UNREADABLE:
        return Answer(None, False, "", estimate_output_tokens(len(body)))
    try:
        ends = _ENDS.decode(body)
    except _UNREADABLE:
        ends = Ends()
    counts = forgiving_counts(fields["usage"]) if "usage" in fields else None
    usage = usage_of(counts, operation, provider, ends.service_tier) if counts is not None else None
    made = 0 if usage is not None else _made_tokens(operation, body)
    return Answer(usage, _is_whole(operation, ends), shown_model(ends.model or ""), made)


def _made_tokens(operation: Operation, body: bytes) -> int:
    made = _FIELDS.decode(body).get(_MADE.get(operation, ""))
    return estimate_output_tokens(len(made) - _ENVELOPE_BYTES) if made is not None else 0
