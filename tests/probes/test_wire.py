"""Sweeps survive the way through a pipe; anything else is refused or cleaned."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.domain.reading import GpuProcess, GpuReading, GpuSweep, MigSlice, Problem
from costtui.probes.wire import decode, encode

COUNT = st.none() | st.integers(0, 2**60)
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
GPU = st.builds(
    GpuReading,
    uuid=TEXT,
    index=st.integers(0, 63),
    name=TEXT,
    utilization_percent=COUNT,
    memory_used_bytes=COUNT,
    memory_total_bytes=COUNT,
    power_milliwatts=COUNT,
    energy_millijoules=COUNT,
    temperature_celsius=COUNT,
    processes=st.none() | st.tuples(st.builds(GpuProcess, st.integers(1, 2**22), COUNT, st.none() | TEXT)),
    mig=st.tuples(st.builds(MigSlice, TEXT, TEXT, COUNT, COUNT)),
    lost=st.booleans(),
    problems=st.tuples(st.builds(Problem, TEXT, TEXT, TEXT)),
)


@given(
    st.builds(
        GpuSweep,
        st.integers(0, 2**50),
        st.tuples(GPU),
        st.none() | TEXT,
        st.none() | st.builds(Problem, TEXT, TEXT, TEXT),
    )
)
def test_a_sweep_comes_back_as_it_went(sweep: GpuSweep) -> None:
    assert decode(encode(sweep)) == sweep


def test_strings_are_cleaned_on_the_way_in() -> None:
    sweep = GpuSweep(1, (GpuReading("GPU-a", 0, "H100\x1b[2J"),))
    assert decode(encode(sweep)).gpus[0].name == "H100[2J"


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"null", b"{}", b'{"at_ms":1,"driver":null,"problem":null,"gpus":[{}]}']
)
def test_what_is_no_sweep_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of the several messages will do
        decode(line)


def test_a_value_of_another_type_is_unknown() -> None:
    body = json.loads(encode(GpuSweep(1, (GpuReading("GPU-a", 0, "H100", power_milliwatts=5),))))
    body["gpus"][0]["power_milliwatts"] = "NaN"
    assert decode(json.dumps(body).encode()).gpus[0].power_milliwatts is None
