"""The contract of every registered engine, and what each says of its recorded output."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.config.targets import ENGINES
from costtui.domain.reading import EngineReading
from costtui.engines.kinds import KINDS

FIXTURES = Path(__file__).parents[1] / "fixtures" / "engines"


def recorded(kind: str) -> bytes:
    return (FIXTURES / f"{kind}.{'json' if kind == 'ollama' else 'txt'}").read_bytes()


EXPECTED = {
    "vllm": EngineReading(7, 208, 28, 0, 0, 0, 0.0, 208, 0, None, 1795426085.0, ("tiny-vllm",), sleeping=False),
    # input: 3,001,200 streamed + 413,355 not; output: 800,001 + 102,117
    "sglang": EngineReading(
        7, 3_414_555, 902_118, 1_304_211, 9, 2, 0.291, models=("mistralai/Mixtral-8x7B-Instruct-v0.1",)
    ),
    "llamacpp": EngineReading(7, 28, 3, 0, 0, 0),
    "ollama": EngineReading(7, models=("llama3.3:70b",), sleeping=False),
    "tgi": EngineReading(7, 1_183_204, 412_887, None, 6, 1),
    "triton": EngineReading(7, running=5, waiting=1, kv_usage_ratio=812 / 6239, models=("tensorrt_llm",)),
    "trtllm": EngineReading(7, 812_044, 203_311, 301_122, 6, 0, 0.22, models=("nemotron-nano-3",)),
    "lmdeploy": EngineReading(7, 1_204_411, 302_118, None, 5, 1, 0.187, models=("Qwen/Qwen2.5-7B-Instruct",)),
}


def test_every_engine_of_the_configuration_can_be_read_and_every_one_has_a_recording() -> None:
    assert set(KINDS) == set(ENGINES) == set(EXPECTED)


@pytest.mark.parametrize("kind", KINDS)
def test_a_recorded_output_gives_the_numbers_that_it_holds(kind: str) -> None:
    assert KINDS[kind].parse(recorded(kind), 7) == EXPECTED[kind]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", [b"", b"\n", b"<html><body>404</body></html>", b"{}", b"[" * 100_000, b"\xff\x00"])
def test_a_body_of_something_else_is_no_reading(kind: str, body: bytes) -> None:
    assert KINDS[kind].parse(body, 7) is None


@pytest.mark.parametrize("kind", KINDS)
def test_no_engine_takes_the_output_of_another_for_its_own(kind: str) -> None:
    for other in KINDS:
        assert (KINDS[kind].parse(recorded(other), 7) is None) == (kind != other), other


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_cut_anywhere_gives_the_whole_number_or_none(kind: str) -> None:
    body, whole = recorded(kind), EXPECTED[kind]
    for end in range(0, len(body), max(1, len(body) // 150)):
        cut = KINDS[kind].parse(body[:end], 7)
        if cut is None:
            continue
        for name in ("output_tokens", "running", "waiting", "kv_usage_ratio"):
            seen = getattr(cut, name)
            if kind != "sglang":  # its counters are split over lines, and a line that never came cannot be missed
                assert seen in (None, getattr(whole, name)), (end, name)


@given(st.binary(max_size=400), st.integers(0, 2000), st.sampled_from(sorted(KINDS)))
def test_a_damaged_body_never_raises_and_never_gives_a_negative(noise: bytes, at: int, kind: str) -> None:
    body = recorded(kind)
    reading = KINDS[kind].parse(body[:at] + noise + body[at:], 7)
    if reading is not None:
        for name in ("input_tokens", "output_tokens", "cached_input_tokens", "running", "waiting", "kv_usage_ratio"):
            value = getattr(reading, name)
            assert value is None or 0 <= value < 9.3e18
