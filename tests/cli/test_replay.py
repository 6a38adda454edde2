"""`costtui replay` as it is typed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from costtui.cli import replay
from costtui.cli.given import parse
from costtui.errors import CosttuiError, UsageError

ROW = {
    *("strategy", "replicas", "usd_per_hour", "saving_percent_vs_all_api", "saving_percent_vs_best_single"),
    *("slo_miss_percent", "capture_percent", "local_share_percent", "budget_overshoot_percent", "refused_percent"),
}
Told = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    trace = tmp_path / "trace.csv"
    trace.write_text("timestamp,prompt_tokens,output_tokens\n" + "".join(f"{at},900,90\n" for at in range(0, 600, 2)))

    def say(*words: str) -> str:
        given = parse(["replay", str(trace), *words, "--state-dir", str(tmp_path / "state")], {"HOME": str(tmp_path)})
        assert replay.run(given) == 0
        return capsys.readouterr().out

    return say


def test_json_has_the_trace_the_bound_and_a_row_for_each_strategy_and_number_of_replicas(told: Told) -> None:
    found = json.loads(told("--json", "--replicas", "1,2"))
    assert found["schema"] == "costtui.replay/1"
    assert found["trace"]["requests"] == 300
    assert found["clairvoyant"].keys() == {"1", "2"}
    assert [(row["strategy"], row["replicas"]) for row in found["strategies"]] == [
        ("all-api", 0),
        *((name, count) for count in (1, 2) for name in ("all-self", "weighted", "idle-first", "cheapest")),
    ]
    assert all(row.keys() == ROW for row in found["strategies"])
    assert found["strategies"][3]["capture_percent"] == 100


def test_the_table_says_what_is_replaced_and_by_what(told: Told) -> None:
    table = told("--gpu-usd-hour", "3", "--gpus-per-replica", "4", "--strategies", "idle-first")
    assert "replacing GPT-5 at its list price, $1.25 in, $10 out per Mtok" in table
    assert "a replica: 4 GPUs at $3/h, reads 10000 and writes 2500 tokens/s" in table
    assert "clairvoyant" in table
    assert "12.00" in table


def test_a_configured_route_gives_its_objective_its_engine_and_its_price(told: Told, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[targets]\nllama = { engine = "vllm", url = "http://127.0.0.1:8000/v1", gpus = [0, 1, 2, 3],'
        " capacity_output_tokens_per_second = 3000 }\n"
        'gpt5 = { provider = "openai", model = "gpt-5" }\n'
        '[routes.chat]\nstrategy = "idle-first"\ntargets = ["llama", "gpt5"]\nttft_seconds = 1.5\n'
        "[prices]\ngpt5 = [{ from = 2026-01-01, input = 2, output = 8 }]\n"
    )
    from costtui.cli import prices

    assert (
        prices.run(parse(["prices", "compile", "--config", str(config), "--state-dir", str(tmp_path / "state")])) == 0
    )
    table = told("--config", str(config), "--route", "chat")
    assert "replacing openai gpt-5, $2 in, $8 out per Mtok" in table
    assert "4 GPUs at $2.50/h, reads 12000 and writes 3000 tokens/s" in table
    assert "first byte in 1.5 s" in table
    with pytest.raises(UsageError, match="no route 'chta'; did you mean 'chat'"):
        told("--config", str(config), "--route", "chta")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--replicas", "0"], "numbers from 1 to 256"),
        (["--input-usd", "1"], "go together"),
        (["--decode", "fast"], "--decode: 'fast' is no number"),
        (["--decode", "-1"], "--decode: must be more than 0"),
        (["--strategies", "idle-frist"], "did you mean 'idle-first'"),
        (["--budget-usd", "1", "--budget-window", "soon"], "such as 10m or 1h"),
        (["--budgte"], "no option"),
    ],
)
def test_what_cannot_be_meant_is_named(told: Told, words: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        told(*words)


def test_a_trace_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CosttuiError, match="cannot be read: No such file"):
        replay.run(parse(["replay", str(tmp_path / "none.csv")], {}))
    with pytest.raises(UsageError, match="needs a trace"):
        replay.run(parse(["replay"], {}))
