"""What a request may have used, from bytes alone: for answers that do not say, and to doubt those that say nonsense."""

from costtui.domain.usage import Usage

BYTES_PER_TOKEN = 4
MEDIA_TOKENS = 4_096
"""The most that a prompt with media is held for: its bytes are mostly pictures, of 85 to 1,600 tokens each."""
DISPUTED_BELOW = 0.2
DISPUTED_ABOVE = 5
TELLING_BYTES = 2_048
"""Smaller bodies say too little: 20 tokens of a chat template or a system prompt that the provider adds move them."""


def estimate_input_tokens(body_bytes: int, has_media: bool) -> int:
    """Tokens of a prompt: a quarter of its bytes, at least one; with media no more than a handful of pictures make."""
    tokens = max(1, body_bytes // BYTES_PER_TOKEN)
    return min(tokens, MEDIA_TOKENS) if has_media else tokens


def estimate_output_tokens(text_bytes: int) -> int:
    """Tokens of the text of an answer, in JSON: a quarter of its bytes."""
    return max(0, text_bytes) // BYTES_PER_TOKEN


def disputed(usage: Usage, body_bytes: int, has_media: bool) -> bool:
    """Whether the reported input is out of proportion to what was sent: outside 0.2 to 5 times the estimate.

    Bodies under 2 KiB are doubted only above, and there from 5 times what 2 KiB would make; with media only below
    nothing at all can be said, so only zero is doubted. A body disputed with media is disputed without.
    """
    if has_media:
        return usage.input_tokens == 0
    if body_bytes < TELLING_BYTES:
        return usage.input_tokens == 0 or usage.input_tokens > DISPUTED_ABOVE * TELLING_BYTES // BYTES_PER_TOKEN
    estimate = body_bytes / BYTES_PER_TOKEN
    return not DISPUTED_BELOW * estimate <= usage.input_tokens <= DISPUTED_ABOVE * estimate
