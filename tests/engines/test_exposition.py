"""The line scan: equal to prometheus_client's parser where that is right, and stricter where a sum could be wrong."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from costtui.engines.exposition import scan

FIXTURES = Path(__file__).parents[1] / "fixtures" / "engines"
NAME = b"vllm:prompt_tokens_total"


@pytest.mark.parametrize(
    "kind", ["vllm", "sglang", "llamacpp", "llamacpp_server", "tgi", "triton", "trtllm", "lmdeploy"]
)
def test_every_sample_of_a_recording_is_read_as_the_reference_parser_reads_it(kind: str) -> None:
    body = (FIXTURES / f"{kind}.txt").read_bytes()
    written = set(re.findall(r"^[a-zA-Z_:][\w:]*", body.decode(), re.MULTILINE))
    expected: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            # the reference adds _total to a counter that is written without it
            name = sample.name if sample.name in written else sample.name.removesuffix("_total")
            expected.setdefault(name, []).append((sample.labels, sample.value))
    found = scan(body, tuple(name.encode() for name in expected))
    assert not found.damaged
    assert {
        name.decode(): [(sample.labels, sample.value) for sample in samples] for name, samples in found.samples.items()
    } == expected


@given(
    st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text(max_size=20), max_size=4),
    st.integers(0, 2**53),
)
def test_a_label_may_hold_anything(labels: dict[str, str], value: int) -> None:
    escaped = {k: v.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"") for k, v in labels.items()}
    inner = ",".join(f'{k}="{v}"' for k, v in escaped.items())
    found = scan(f"m{{{inner}}} {value}\n".encode(), (b"m",))
    assert [(sample.labels, sample.value) for sample in found.of(b"m")] == [(labels, value)]


@pytest.mark.parametrize(
    "digits",
    [b"NaN", b"nan", b"+Inf", b"-Inf", b"inf", b"1e400", b"-1", b"9223372036854775794", b"1_000", b"0x10", b""],
)
def test_a_value_that_is_no_count_makes_the_family_unknown(digits: bytes) -> None:
    body = b'm{rank="0"} 5\nm{rank="1"} ' + digits + b"\nn 3\n"
    found = scan(body, (b"m", b"n"))
    assert found.count(b"m") is None
    assert found.count(b"n") == 3


@pytest.mark.parametrize(
    "body",
    [
        b'm{rank="0"} 5\nm{rank="0"} 6\n',
        b'm{rank="0",x="1"} 5\nm{x="1",rank="0"} 6\n',
        b'm{rank="0"} 5\nm{rank="1" 6\n',
        b'm{rank="0"} 5\nm{rank="1"} 6 7 8\n',
        b'm{rank="0"} 5\nm{rank="1"} 12',
        b'm{rank="0"} 5\nm{ra',
        b'm{rank="0",rank="1"} 5\n',
    ],
)
def test_a_sum_with_a_doubtful_part_is_unknown(body: bytes) -> None:
    assert scan(body, (b"m",)).count(b"m") is None


@pytest.mark.parametrize(
    "body",
    [
        b'm{rank="0"} 5\n# HELP m again\n# TYPE m counter\nm{rank="1"} 6\n',
        b'  m{rank="0"} 5\n\tm { rank = "1" , } 6.0 1795426085000\r\n',
        b'm_created{rank="0"} 1.79e9\nm{rank="0"} 1.1e1\nm_total_more 4\n',
    ],
)
def test_spaces_timestamps_repeated_headers_and_created_twins_change_nothing(body: bytes) -> None:
    assert scan(body, (b"m",)).count(b"m") == 11


def test_a_half_token_is_no_count() -> None:
    assert scan(b"m 1.5\n", (b"m",)).count(b"m") is None


def test_a_missing_family_is_unknown() -> None:
    assert scan(b"n 1\n", (b"m",)).count(b"m") is None


@given(st.binary(max_size=300))
def test_no_bytes_make_the_scan_raise(noise: bytes) -> None:
    scan(NAME + noise + b"\n" + noise + NAME, (NAME, b"vllm:prompt_tokens"))
