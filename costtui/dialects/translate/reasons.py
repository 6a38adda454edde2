"""Why an answer ended and at which tier it was served, in the words of chat completions and of messages."""

from costtui.dialects.refusals import Refusal

_FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",  # unfinished, and chat has no other word for that
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
_FAILURES = frozenset({"error", "abort"})
"""Of OpenRouter and of vLLM: the answer broke off."""
_CHAT_TIERS = {"standard": "default", "priority": "priority"}
_MESSAGE_TIERS = {"default": "standard", "standard": "standard", "priority": "priority", "fast": "priority"}


def finish_reason(stop_reason: str) -> str:
    """A message's stop reason as chat's finish reason; one that is not known yet ends an answer like any other."""
    return _FINISH_REASONS.get(stop_reason, "stop")


def stop_reason(finish_reason: str, stop: object, *, calls_tools: bool, refuses: bool) -> tuple[str, str | None]:
    """Chat's finish reason as a message's stop reason and stop sequence. Raises Refusal for one that means failure.

    `stop` is the choice's own `stop_reason`: vLLM states there which stop sequence it met.
    """
    if finish_reason in _FAILURES:
        raise Refusal(502, f"the upstream broke its answer off: finish_reason {finish_reason}", "upstream_cut")
    if refuses:
        return "refusal", None
    if finish_reason == "stop" and calls_tools:  # Ollama's and others' end of an answer with tool calls
        return "tool_use", None
    if finish_reason == "stop" and isinstance(stop, str):
        return "stop_sequence", stop
    return _STOP_REASONS.get(finish_reason, "end_turn"), None


def chat_tier(tier: str | None) -> str | None:
    """A message's service tier as chat calls it; None where chat has no such tier."""
    return _CHAT_TIERS.get(tier or "")


def message_tier(tier: str | None) -> str | None:
    """Chat's service tier as messages call it; None where they have no such tier."""
    return _MESSAGE_TIERS.get(tier or "")
