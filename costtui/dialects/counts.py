"""The usage objects of all dialects as they stand in JSON, read strictly at first and forgivingly if that fails."""

import re
from typing import Annotated

import msgspec

COUNT_LIMIT = 10**12
"""No single answer uses a trillion of anything: a larger number is not a count."""

Count = Annotated[int, msgspec.Meta(ge=0, le=COUNT_LIMIT)]


class Details(msgspec.Struct):
    """Parts of the input or of the output."""

    cached_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    audio_tokens: Count | None = None
    reasoning_tokens: Count | None = None
    thinking_tokens: Count | None = None


class CacheCreation(msgspec.Struct):
    """Anthropic's split of what was written to its cache."""

    ephemeral_5m_input_tokens: Count | None = None
    ephemeral_1h_input_tokens: Count | None = None


class ServerTools(msgspec.Struct):
    """Calls of Anthropic's own tools."""

    web_search_requests: Count | None = None


class CostDetails(msgspec.Struct):
    """What OpenRouter's answer adds to its cost where the key is the user's own."""

    upstream_inference_cost: msgspec.Raw = msgspec.Raw()


class Iteration(msgspec.Struct):
    """One step of an Anthropic answer; compaction steps are billed and are in no other count."""

    type: str = ""
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None


class Counts(msgspec.Struct):
    """The members that any dialect's usage has, as they are called there; None is not stated."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    total_tokens: Count | None = None
    prompt_tokens_details: Details | None = None
    completion_tokens_details: Details | None = None
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    input_tokens_details: Details | None = None
    output_tokens_details: Details | None = None
    cache_creation_input_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation: CacheCreation | None = None
    server_tool_use: ServerTools | None = None
    iterations: list[Iteration] | None = None
    service_tier: str | None = None
    speed: str | None = None
    prompt_cache_hit_tokens: Count | None = None
    reasoning_tokens: Count | None = None
    cost: msgspec.Raw = msgspec.Raw()
    cost_details: CostDetails | None = None
    is_byok: bool | None = None


def raised(earlier: Counts, later: Counts) -> Counts:
    """Two statements of one growing count: of each member the larger, of what is no number the later."""
    merged = Counts()
    for name in Counts.__struct_fields__:
        first, last = getattr(earlier, name), getattr(later, name)
        if isinstance(first, int) and isinstance(last, int):
            setattr(merged, name, max(first, last))
        else:
            setattr(merged, name, first if last is None else last)
    return merged


_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_COUNTS = msgspec.json.Decoder(Counts)
_encode = msgspec.json.Encoder().encode
_SOUND = re.compile(rb'[0-9]{1,12}|true|false|"[a-z_]{0,32}"')
_AMOUNTS = frozenset({"cost", "upstream_inference_cost"})


def forgiving_counts(raw: msgspec.Raw) -> Counts | None:
    """Of an object with odd values those that make sense; None where nothing does."""
    kept = _sound_members(raw)
    try:
        return _COUNTS.decode(_encode(kept)) if kept else None
    except msgspec.ValidationError:
        return None


def _sound_members(raw: msgspec.Raw) -> dict[str, object]:
    try:
        members = _FIELDS.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    kept: dict[str, object] = {}
    for name, value in members.items():
        text = bytes(value)
        if name in _AMOUNTS or _SOUND.fullmatch(text):
            kept[name] = value
        elif text.startswith(b"{") and name in Counts.__struct_fields__:
            kept[name] = _sound_members(value)
    return kept
