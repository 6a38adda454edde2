"""Where a route's requests went in a period, held against its boundary; every count worked by hand."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.config.load import load_bytes
from costtui.config.model import Config
from costtui.report.boundary import Place, Verdict, boundary_report
from costtui.store.ledger.rows import SpendRow

FROM_MS, TO_MS = 1_795_392_000_000, 1_795_435_200_000
"""2026-11-23 00:00 to 12:00 UTC."""
CONFIG = """
[targets]
vllm1 = { engine = "vllm", url = "http://127.0.0.1:8001/v1" }
vllm2 = { engine = "vllm", url = "http://10.0.0.2:8000/v1" }
novita = { provider = "novita", model = "m" }
eu = { provider = "azure", model = "m", url = "https://eu.example/v1", local = true, proxy = "http://10.0.0.9:3128" }
[routes.legal]
strategy = "idle-first"
targets = ["vllm1", "vllm2"]
boundary = ["vllm1", "vllm2"]
[routes.chat]
strategy = "idle-first"
targets = ["vllm1", "novita", "eu"]
[haproxy.edge]
socket = "/s"
backend = "llm"
route = "chat"
servers = { vllm1 = "s1" }
"""


def config() -> Config:
    return load_bytes(Path("c.toml"), CONFIG.encode(), 7)


def row(route: str, target: str, provider: str, attempts: int, *, failed: int = 0, cached: int = 0) -> SpendRow:
    hosted = provider in ("vllm", "tgi")
    zeros = dict.fromkeys(SpendRow._fields, 0)
    told = {"labels": (route, target, provider, "m"), "self_hosted": hosted, "attempts": attempts, "failed": failed}
    return SpendRow(**(zeros | told | {"cache_hits": cached, "nano": None, "provenances": frozenset()}))  # type: ignore[arg-type] # by name


def test_all_within_the_boundary_is_said_with_its_number() -> None:
    sums = [
        row("legal", "vllm1", "vllm", 1_200, failed=3),
        row("legal", "vllm2", "vllm", 34),
        row("chat", "eu", "azure", 9),
    ]
    found = boundary_report(config(), "legal", sums, FROM_MS, TO_MS, None)
    assert (found.verdict, found.boundary, found.count()) == (Verdict.KEPT, ("vllm1", "vllm2"), 1_234)
    assert found.sentence == "all 1,234 attempts of legal went to targets of its boundary (vllm1, vllm2); none left it"
    assert [
        (each.target, each.place, each.address, each.within, each.attempts, each.failed) for each in found.reached
    ] == [
        ("vllm1", Place.ON_PREMISES, "127.0.0.1:8001", True, 1_200, 3),
        ("vllm2", Place.ON_PREMISES, "10.0.0.2:8000", True, 34, 0),
    ]


def test_a_single_attempt_outside_breaks_it_by_name() -> None:
    sums = [row("legal", "vllm1", "vllm", 999), row("legal", "novita", "novita", 1)]
    found = boundary_report(config(), "legal", sums, FROM_MS, TO_MS, None)
    assert found.verdict is Verdict.BROKEN
    assert found.sentence == "1 of 1,000 attempts of legal left its boundary (vllm1, vllm2): novita"
    assert [(each.within, each.place) for each in found.reached] == [
        (False, Place.ELSEWHERE),
        (True, Place.ON_PREMISES),
    ]


def test_a_failed_attempt_outside_counts_too_and_an_answer_from_the_cache_does_not() -> None:
    sums = [row("legal", "novita", "novita", 7, cached=7), row("legal", "vllm1", "vllm", 5, cached=2)]
    found = boundary_report(config(), "legal", sums, FROM_MS, TO_MS, None)
    assert (found.verdict, found.count(), found.from_cache) == (Verdict.KEPT, 3, 9)
    broken = boundary_report(config(), "legal", [row("legal", "novita", "novita", 2, failed=2)], FROM_MS, TO_MS, None)
    assert (broken.verdict, broken.count(within=False)) == (Verdict.BROKEN, 2)


def test_without_a_boundary_it_is_said_how_much_left_the_premises() -> None:
    sums = [row("chat", "vllm1", "vllm", 6), row("chat", "novita", "novita", 3), row("chat", "eu", "azure", 1)]
    found = boundary_report(config(), "chat", sums, FROM_MS, TO_MS, None)
    assert found.verdict is Verdict.NO_BOUNDARY
    assert found.sentence == "chat has no boundary: 3 of 10 attempts were not certainly on premises"
    assert [each.address for each in found.reached] == [
        "api.novita.ai",
        "127.0.0.1:8001",
        "eu.example via 10.0.0.9:3128",
    ]
    assert {each.within for each in found.reached} == {None}
    assert found.notes[0] == "what HAProxy edge carries does not pass the gateway and is not in here"


def test_nothing_sent_is_no_proof_of_anything_else() -> None:
    found = boundary_report(config(), "legal", [], FROM_MS, TO_MS, None)
    assert (found.verdict, found.sentence) == (
        Verdict.NOTHING_SENT,
        "the ledger has no attempt of legal in this period",
    )


@pytest.mark.parametrize(("target", "provider"), [("gone", "vllm"), ("vllm1", "tgi"), ("vllm1", "novita")])
def test_a_target_that_is_gone_or_was_another_has_no_known_place(target: str, provider: str) -> None:
    found = boundary_report(config(), "chat", [row("chat", target, provider, 4)], FROM_MS, TO_MS, None)
    assert (found.reached[0].place, found.reached[0].address) == (Place.UNKNOWN, "")
    assert "4 attempts went to targets that are not configured any more, or as something else" in found.notes


@pytest.mark.parametrize(("changed_ms", "told"), [(None, False), (FROM_MS, False), (FROM_MS + 1, True)])
def test_a_configuration_written_within_the_period_is_pointed_out(changed_ms: int | None, *, told: bool) -> None:
    found = boundary_report(config(), "legal", [row("legal", "vllm1", "vllm", 1)], FROM_MS, TO_MS, changed_ms)
    assert (
        any(note.startswith("the configuration was written at 2026-11-23T00:00:00.001Z") for note in found.notes)
        is told
    )


def test_a_route_that_is_gone_has_no_recorded_boundary_and_a_target_needs_none() -> None:
    gone = boundary_report(config(), "old", [row("old", "vllm1", "vllm", 1)], FROM_MS, TO_MS, None)
    assert gone.verdict is Verdict.NO_BOUNDARY
    assert gone.notes[0] == "route old is not configured any more: which boundary it had is not recorded"
    direct = boundary_report(config(), "eu", [row("eu", "eu", "azure", 1)], FROM_MS, TO_MS, None)
    assert not any("not configured any more" in note for note in direct.notes)


@given(st.lists(st.tuples(st.sampled_from(["vllm1", "vllm2", "novita", "eu", "gone"]), st.integers(1, 9)), max_size=6))
def test_the_verdict_is_kept_exactly_when_no_attempt_is_outside(sent: list[tuple[str, int]]) -> None:
    sums = [row("legal", target, "vllm", attempts) for target, attempts in sent]
    found = boundary_report(config(), "legal", sums, FROM_MS, TO_MS, None)
    outside = sum(attempts for target, attempts in sent if target not in ("vllm1", "vllm2"))
    assert found.count(within=False) == outside
    assert (found.verdict is Verdict.BROKEN) == (outside > 0)
    assert (found.verdict is Verdict.NOTHING_SENT) == (not sent)
