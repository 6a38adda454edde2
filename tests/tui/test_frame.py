"""Frames as plain text: what a reader finds on each screen."""

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costtui.report.schema import Agent, Status
from costtui.tui.frame import framed, text_of
from costtui.tui.glyphs import Glyphs
from costtui.tui.line import width_of
from costtui.tui.scene import Choices, Scene, View
from tests.tui.archives import table
from tests.tui.pictures import NOW_MS, budgets, carried, eight_gpus, gpu, status

if TYPE_CHECKING:
    from costtui.report.budgets import BudgetStanding

VIEWS: tuple[View, ...] = ("overview", "gpus", "routes", "spend", "requests", "warnings", "sources", "help")


def scene(picture: Status | None = None, width: int = 80, height: int = 24, **choices: object) -> Scene:
    return Scene(picture or status(), NOW_MS, width, height, replace(Choices(), **choices))  # type: ignore[arg-type]


def shown(picture: Status | None = None, width: int = 80, height: int = 24, **choices: object) -> list[str]:
    return text_of(framed(scene(picture, width, height, **choices))).splitlines()


def row_of(lines: list[str], start: str) -> str:
    return next(line for line in lines if line.lstrip(" ▸>").startswith(start))


def test_the_first_line_says_what_is_spent_and_marks_a_sum_with_unknown_parts() -> None:
    assert "≥17.43 $/h = GPU 17.43 + API ?" in shown()[0]
    assert shown()[0].endswith("12:01 CET")


def test_the_second_line_says_what_is_idle_lost_and_projected() -> None:
    # 4.98 of 17.43 is 28.6 %
    assert shown()[1].startswith(" idle 4.98 $/h, 29% of rent · lost 2.49 · today ≥209 of 380, ~418 by midnight")


def test_a_budget_that_will_end_is_named_with_the_local_hour() -> None:
    assert shown()[0].startswith(" OVER at 22:17")


def test_a_spent_budget_is_named() -> None:
    spent: BudgetStanding = msgspec.structs.replace(budgets()[0], state="over")
    assert shown(status(budgets=(spent,)))[0].startswith(" OVER daily")


def test_gpus_that_serve_one_model_are_one_row_and_enter_opens_it() -> None:
    assert row_of(shown(), "0-1").split()[1:3] == ["●", "busy"]
    opened = shown(expanded=frozenset({"GPU-00000000+GPU-00000001"}))
    assert [line[:4].strip(" ▸") for line in opened[3:6]] == ["0-1", "0", "1"]


def test_gpus_of_one_model_in_two_states_are_not_one_row() -> None:
    mixed = (gpu(0, "busy", engine="llama"), gpu(1, "idle loaded", engine="llama"))
    lines = shown(status(gpus=mixed))
    assert row_of(lines, "0 ") != row_of(lines, "1 ")


def test_a_lost_gpu_says_since_when_and_what_was_paid() -> None:
    assert "✗ LOST" in row_of(shown(), "6")
    assert "since 09:40, paid 5.85 $" in row_of(shown(), "6")


def test_an_unknown_amount_is_a_question_mark_and_never_nothing() -> None:
    row = row_of(shown(), "7")
    assert " ? " in row
    assert "0.00" not in row


def test_the_cost_of_a_million_tokens_stands_beside_the_cheapest_api() -> None:
    assert "llama-3.3-70b 1.95 $/Mtok (novita 0.20)" in row_of(shown(width=120), "0-1")


def test_eight_gpus_apart_with_spend_budgets_and_keys_fit_in_80_by_24() -> None:
    lines = shown(expanded=frozenset({"GPU-00000000+GPU-00000001"}))
    assert len(lines) == 24
    for start in ("0-1", "0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "7 ", "API", "BUDGET", "daily", "!!"):
        assert row_of(lines, start)
    assert "q quit" in lines[-1]


def test_a_tiny_screen_shows_both_lines_and_the_worst_gpu_first() -> None:
    lines = shown(width=40, height=6)
    assert "≥17.43 $/h" in lines[0]
    assert "idle 4.98 $/h" in lines[1]
    assert any("LOST" in line for line in lines)


@pytest.mark.parametrize(
    ("width", "gone", "kept"),
    [(80, (), ("cap", "GB", "idle $ today")), (58, ("GB",), ("cap", "idle $")), (50, ("GB", "cap"), ("idle $",))],
)
def test_columns_leave_in_the_order_memory_capacity_idle(
    width: int, gone: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    title = shown(width=width)[2]
    assert not [word for word in gone if word in title]
    assert not [word for word in kept if word not in title]


def test_sorting_by_idle_dollars_puts_the_worst_waster_first() -> None:
    assert "□ empty" in shown(sort="idle $")[3]
    assert "□ empty" not in shown(sort="idle $", reverse=True)[3]


def test_a_filter_keeps_the_rows_that_contain_it() -> None:
    lines = shown(needle="alice")
    assert "train.py" in lines[3]
    assert not any("LOST since" in line for line in lines)


@pytest.mark.parametrize(("state", "word"), [("late", "AGENT LATE"), ("dead", "AGENT DEAD"), ("none", "NO AGENT")])
def test_old_figures_are_said_to_be_old(state: str, word: str) -> None:
    old = status(agent=Agent(state=state, age_seconds=9.0, pid=1))
    for width in (40, 80, 120):
        assert shown(old, width=width)[0].startswith(f" {word}: figures of 12:01")


def test_old_figures_are_drawn_faint() -> None:
    old = framed(scene(status(agent=Agent(state="dead", age_seconds=99.0, pid=None))))
    assert {run.role for line in old.lines[2:20] for run in line} == {"old"}
    assert "old" not in {run.role for line in framed(scene()).lines for run in line}


def test_a_slow_link_is_said_in_the_header() -> None:
    assert "link slow: 5 s" in text_of(framed(replace(scene(), slow_seconds=5)))


def test_the_gpu_screen_names_where_a_rate_comes_from_and_why_one_is_missing() -> None:
    assert "2.49 $/h contract" in shown(view="gpus")[2]
    lines = "\n".join(shown(view="gpus", selected="GPU-00000007"))
    assert "unknown: no contract, and no list price for NVIDIA Example" in lines


def test_the_gpu_screen_has_mig_slices_under_their_gpu() -> None:
    lines = shown(view="gpus")
    at = next(index for index, line in enumerate(lines) if "MIG 1g.10gb" in line)
    assert "□ empty" in lines[at - 1]


def test_the_sources_screen_says_what_cannot_be_seen_why_and_what_to_do() -> None:
    text = " ".join(" ".join(shown(view="sources")).split())
    assert "qwen failed, last answer 6m ago connection refused at 127.0.0.1:8001: start the server" in text
    assert "not in any sum: api, rate of GPU 7" in text


def test_without_any_picture_the_screen_says_how_to_start() -> None:
    text = text_of(framed(Scene(None, NOW_MS, 80, 24)))
    assert "costtui agent start" in text
    assert "0.00" not in text


def test_keys_of_screens_that_do_not_exist_are_not_offered() -> None:
    bar = shown(width=120)[-1]
    assert not [word for word in ("vs API", "shift") if word in bar]


def test_plain_glyphs_are_all_ascii_and_one_cell_wide() -> None:
    for view in VIEWS:
        whole = scene(carried(), view=view, width=120, height=60)
        whole = replace(whole, glyphs=Glyphs(ascii_only=True), spend=table(), requests=carried().decisions)
        text = text_of(framed(whole))
        assert text.isascii(), sorted({letter for letter in text if not letter.isascii()})


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 500),
    st.integers(1, 200),
    st.sampled_from(VIEWS),
    st.sampled_from([None, *(gpu.uuid for gpu in eight_gpus())]),
)
def test_every_size_renders_and_no_line_is_wider_than_the_screen(
    width: int, height: int, view: View, selected: str | None
) -> None:
    for picture in (status(), carried(), None, status(gpus=(), engines=(), budgets=(), warnings=())):
        choices = Choices(view=view, selected=selected)
        requests = picture.decisions if picture else ()
        frame = framed(Scene(picture, NOW_MS, width, height, choices, spend=table(), requests=requests))
        assert len(frame.lines) == height
        assert max(width_of(line) for line in frame.lines) <= width
        assert 0 <= frame.cursor_y < height


def test_names_in_wide_characters_keep_the_columns_straight() -> None:
    cjk = status(gpus=(gpu(0, "other", reason="模型训练" * 20), gpu(1, "empty")))
    assert max(width_of(line) for line in framed(scene(cjk)).lines) <= 80


def test_a_bigger_sum_never_reads_as_a_smaller_one() -> None:
    rich = status(gpus=(gpu(0, "empty", idle_usd_today=Decimal("1234567.891")),))
    assert "1234567.89" in row_of(shown(rich), "0")


def test_eight_gpus_api_routes_and_keys_fit_in_80_by_24() -> None:
    lines = shown(carried(), expanded=frozenset({"GPU-00000000+GPU-00000001"}))
    assert [row_of(lines, str(index)) for index in range(8)]
    assert "API" in lines[0]
    assert [row_of(lines, name) for name in ("API", "chat", "code", "legal", "!!", "? help")]


def test_what_apis_cost_is_marked_where_it_is_estimated_or_lacks_a_part() -> None:
    lines = shown(carried(), width=160)
    assert "≥24.54 $/h = GPU 17.43 + API ≥~7.11" in lines[0]
    api = row_of(lines, "API")
    assert "≥~7.11 $/h, today ≥52.4 · openai ~5.49 · novita 1.62 · gmi ? (no price) · 3 unpriced" in api


def test_a_route_says_where_its_requests_went_and_until_when_that_is_by_hand() -> None:
    lines = shown(carried())
    assert "until 14:04  llama 71% · novita 29%" in row_of(lines, "chat")
    assert "mixtral 100%, no request" in row_of(lines, "legal")


@pytest.mark.parametrize(
    ("state", "word"), [("late", "GATEWAY SILENT"), ("none", "no gateway"), ("running", "left alone: novita")]
)
def test_a_gateway_that_is_not_well_is_said_on_the_api_line(state: str, word: str) -> None:
    gateway = carried().gateway
    assert gateway is not None
    ill = carried(gateway=msgspec.structs.replace(gateway, state=state))
    assert row_of(shown(ill), "API").lstrip().startswith(f"API    {word}")
