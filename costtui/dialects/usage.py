"""Turn what an answer says of its usage into tokens by kind: input with the cached, output with the reasoning.

Where each provider counts otherwise stands beside the line that corrects it.
"""

import re
from decimal import Decimal

import msgspec

from costtui.dialects.counts import COUNT_LIMIT, Counts, Details
from costtui.dialects.operation import Operation
from costtui.domain.clean import clean
from costtui.domain.money import NanoUsd, nano_from_usd
from costtui.domain.usage import Usage

_REASONING_APART = frozenset({"xai", "google"})
"""Their `completion_tokens` may leave the reasoning out, their `total_tokens` does not."""
_STATES_COST = frozenset({"openrouter"})
"""Whose `usage.cost` is what they charge, in USD."""
_USUAL_TIERS = frozenset({"", "default", "standard", "auto"})
_AMOUNT = re.compile(rb"[0-9]{1,9}(?:\.[0-9]{1,40})?(?:[eE][-+]?[0-9]{1,2})?")
_COST_LIMIT_USD = 1_000_000
_NO_DETAILS = Details()


def usage_of(counts: Counts, operation: Operation, provider: str, tier: str | None = None) -> Usage | None:
    """The usage, or None where the answer leaves out or garbles what it must say.

    `tier` is the answer's own `service_tier`; the usage's own one beats it.
    """
    if operation is Operation.MESSAGES:
        return _of_messages(counts)
    if operation is Operation.RESPONSES:
        return _of_responses(counts, provider, tier)
    return _of_completion(counts, operation, provider, tier)


def tier_of(tier: str | None) -> str:
    """As the ledger calls it: empty for the usual one."""
    if tier is None or tier in _USUAL_TIERS:
        return ""
    return clean(tier, 32)


def exact_nano(raw: msgspec.Raw) -> NanoUsd | None:
    """An amount in USD through its own digits, never through a float; None if it is no sane amount."""
    text = bytes(raw)
    if not _AMOUNT.fullmatch(text):
        return None
    usd = Decimal(text.decode())
    return nano_from_usd(usd) if usd < _COST_LIMIT_USD else None


def _of_completion(counts: Counts, operation: Operation, provider: str, tier: str | None) -> Usage | None:
    given, made, total = counts.prompt_tokens, counts.completion_tokens, counts.total_tokens
    if operation is Operation.EMBEDDINGS:
        given, made = total if given is None else given, 0
    if given is None:
        return None
    inside = counts.prompt_tokens_details or _NO_DETAILS
    outside = counts.completion_tokens_details or _NO_DETAILS
    reasoning = outside.reasoning_tokens or counts.reasoning_tokens or 0
    if provider in _REASONING_APART:
        made = _with_reasoning(given, made, total, reasoning if provider == "xai" else 0)
    elif made is None and total is not None and total >= given:
        made = total - given
    if made is None:
        return None
    # DeepSeek states its cache hits beside the details, older versions only there.
    cached = inside.cached_tokens or counts.prompt_cache_hit_tokens or 0
    return _usage(counts, provider, tier, (given, made, cached, reasoning), inside, outside)


def _with_reasoning(given: int, made: int | None, total: int | None, reasoning: int) -> int | None:
    """Output of a provider that may count reasoning apart: what the total leaves, at least what it states."""
    if total is not None:
        return max(made or 0, total - given) if made is not None or total >= given else None
    return None if made is None else made + reasoning


def _of_responses(counts: Counts, provider: str, tier: str | None) -> Usage | None:
    given, made = counts.input_tokens, counts.output_tokens
    if given is None or made is None:
        return None
    inside = counts.input_tokens_details or _NO_DETAILS
    outside = counts.output_tokens_details or _NO_DETAILS
    parts = (given, made, inside.cached_tokens or 0, outside.reasoning_tokens or 0)
    return _usage(counts, provider, tier, parts, inside, outside)


def _usage(
    counts: Counts,
    provider: str,
    tier: str | None,
    parts: tuple[int, int, int, int],
    inside: Details,
    outside: Details,
) -> Usage:
    given, made, cached, reasoning = parts
    written = inside.cache_write_tokens or 0
    if cached + written > given:  # parts larger than the whole: a discount that does not add up is not believed
        cached, written = 0, 0
    return Usage(
        given,
        made,
        cached,
        written,
        0,
        min(reasoning, made),
        min(inside.audio_tokens or 0, given),
        min(outside.audio_tokens or 0, made),
        0,
        0,
        tier_of(counts.service_tier or tier),
        _stated_cost(counts) if provider in _STATES_COST else None,
    )


def _stated_cost(counts: Counts) -> NanoUsd | None:
    """OpenRouter's charge; where the model's key is the user's own, with what that key's provider charges."""
    cost = exact_nano(counts.cost)
    if cost is None or not counts.is_byok:
        return cost
    own = exact_nano(counts.cost_details.upstream_inference_cost) if counts.cost_details is not None else None
    return None if own is None else NanoUsd(cost + own)


def _of_messages(counts: Counts) -> Usage | None:
    if counts.input_tokens is None or counts.output_tokens is None:
        return None
    read = counts.cache_read_input_tokens or 0
    split = counts.cache_creation
    written_1h = (split.ephemeral_1h_input_tokens or 0) if split is not None else 0
    written_5m = (split.ephemeral_5m_input_tokens or 0) if split is not None else 0
    written = max(counts.cache_creation_input_tokens or 0, written_5m + written_1h)
    fresh, made = counts.input_tokens, counts.output_tokens
    for step in counts.iterations or ():
        if step.type == "compaction":  # billed, and in no other count
            fresh += step.input_tokens or 0
            made += step.output_tokens or 0
            read += step.cache_read_input_tokens or 0
            written += step.cache_creation_input_tokens or 0
    details, tools = counts.output_tokens_details, counts.server_tool_use
    return Usage(
        min(fresh + written + read, COUNT_LIMIT),  # Anthropic's input leaves out what its cache read and wrote
        made,
        read,
        written - written_1h,
        written_1h,
        min((details.thinking_tokens or 0) if details is not None else 0, made),
        web_searches=(tools.web_search_requests or 0) if tools is not None else 0,
        service_tier="fast" if counts.speed == "fast" else tier_of(counts.service_tier),
    )
