"""`costtui config check`, `prices` and `alert test`."""

from tests.agent.servers import serving
from tests.cli.shell import Shell

GOOD = """\
[host]
timezone = "Europe/Berlin"
[[gpus]]
match = "*"
rates = [{ from = 2026-11-01, usd_per_gpu_hour = 2.49 }]
[targets]
llama = { engine = "vllm", url = "http://127.0.0.1:8000/v1", model = "meta-llama/Llama-3.3-70B-Instruct" }
api = { provider = "openai", model = "gpt-4o", key = "env:OPENAI_API_KEY" }
[budgets]
month = { covers = ["gpu"], window = "month", limit_usd = 100, at_limit = "warn" }
"""


def test_a_good_configuration_is_summed_up(shell: Shell) -> None:
    path = shell.config(GOOD)
    said = shell("config", "check")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        f"{path}: OK",
        "1 GPU rules, 1 engines, 1 APIs, 0 routes, 1 budgets, time zone Europe/Berlin",
    ]


def test_no_configuration_is_no_problem(shell: Shell) -> None:
    assert "costtui init" in shell("config", "check").out


def test_every_problem_comes_at_once_with_its_line(shell: Shell) -> None:
    path = shell.config('[host]\ntimezone = "Mars"\n[target]\n[agent]\ngpu_seconds = "fast"\n')
    said = shell("config", "check")
    assert (said.code, said.out) == (78, "")
    for line, word in ((2, "timezone"), (3, "target"), (5, "gpu_seconds")):
        assert f"{path}:{line} " in said.err
        assert word in said.err


def test_a_configuration_that_is_not_there_is_a_problem(shell: Shell) -> None:
    assert shell("config", "check", "--config", str(shell.home / "absent.toml")).code == 78


def test_prices_are_compiled_and_listed_cheapest_first(shell: Shell) -> None:
    shell.config(GOOD)
    before = shell("prices")
    assert before.code == 1
    assert "costtui prices compile" in before.err
    compiled = shell("prices", "compile")
    assert compiled.code == 0, compiled.err
    assert compiled.out.splitlines()[0] == "meta-llama/Llama-3.3-70B-Instruct"
    assert "USD per million tokens" in compiled.out
    assert shell("prices", "list").out == compiled.out


def test_an_alert_reaches_the_webhook_and_its_address_is_never_shown(shell: Shell) -> None:
    with serving() as site:
        key = shell.home / "hook"
        key.write_text(f"{site.url}/hook-secret-path\n")
        key.chmod(0o600)
        shell.config(f'[alerts]\nwebhook = "file:{key}"\n')
        said = shell("alert", "test")
        assert (said.code, len(site.posts)) == (0, 1)
        site.post_status = 500
        refused = shell("alert", "test")
    assert refused.code == 69
    assert "hook-secret-path" not in said.out + said.err + refused.out + refused.err


def test_an_alert_without_a_webhook_says_where_to_write_one(shell: Shell) -> None:
    shell.config("[host]\n")
    said = shell("alert", "test")
    assert said.code != 0
    assert "webhook" in said.err
