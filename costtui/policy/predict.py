"""When a self-hosted target would answer this prompt, and how fast: prompts are read one after the other, and answers
written side by side, each with its share of the server's time.
"""

from typing import NamedTuple

from costtui.domain.ask import Ask
from costtui.policy.facts import ENGINE_MS, OUTPUT_TOKENS, Facts, Serving, Target

FOREIGN_TOKENS = 1_000
"""Of a prompt that somebody else sent; one in four of those is taken to wait."""


class Prediction(NamedTuple):
    """Milliseconds by the rates that a target is believed to have; its factors say how far off that was of late."""

    ttft_ms: float
    tpot_ms: float


def prompt_tokens(target: Target, ask: Ask) -> int:
    """Counted by somebody, or by what the target made of bytes before."""
    if ask.prompt_tokens is not None:
        return ask.prompt_tokens
    return int(ask.prompt_bytes * target.tokens_per_byte) + 1


def output_tokens(facts: Facts, ask: Ask) -> float:
    """As the route's answers were of late, and no more than the request allows."""
    expected = facts.outputs.get(ask.route, float(OUTPUT_TOKENS))
    return expected if ask.output_tokens is None or ask.output_tokens > expected else float(ask.output_tokens)


def predict(target: Target, serving: Serving, tokens: int, now_ms: int) -> Prediction:
    """Of a prompt of so many tokens that is sent now; 0.6 us."""
    foreign = target.foreign if now_ms - target.foreign_ms < ENGINE_MS else 0
    running = target.running + foreign
    share = serving.prefill_share if running or target.pending else 1.0  # what is before it will be running by then
    per_ms = serving.prefill_tokens_per_second * share / 1000.0
    ahead: float = target.pending_tokens + foreign * FOREIGN_TOKENS // 4
    if target.pending:  # the first of them is under way
        ahead -= min(target.pending_tokens / target.pending, max(0, now_ms - target.moved_ms) * per_ms)
    ttft_ms = (ahead + tokens) / per_ms
    streams = running + target.pending + 1
    written = serving.decode_tokens_per_second * (1.0 - serving.prefill_share)
    tpot_ms = max(serving.floor_ms, streams * 1000.0 / written)
    if streams > serving.streams:  # it waits for one of them to end
        ttft_ms += tpot_ms * OUTPUT_TOKENS * (streams - serving.streams) / serving.streams
    return tuple.__new__(Prediction, (ttft_ms, tpot_ms))
