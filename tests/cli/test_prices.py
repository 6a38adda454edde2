"""`costtui prices NAME` and `prices accept NAME`."""

from tests.cli.shell import Shell

CONFIG = """
[targets]
opus = { provider = "anthropic", model = "claude-opus-4-5" }
odd = { provider = "siliconflow", model = "house/odd-1" }
gift = { provider = "openrouter", model = "meta-llama/llama-3.3-70b-instruct:free" }
[prices]
odd = [{ from = 2026-01-01, input = %s, output = 2 }]
"""


def test_a_price_is_explained_by_target_and_by_the_name_an_answer_gives(shell: Shell) -> None:
    shell.config(CONFIG % "0.5")
    assert shell("prices", "compile").code == 0
    by_target, by_model = shell("prices", "opus"), shell("prices", "claude-opus-4-5-20251101")
    assert by_target.out == by_model.out
    for word in ("5 in, 25 out", "cache write 6.25", "claude-opus-4-5 at anthropic", "catalogue genai-prices", "batch"):
        assert word in by_target.out


def test_an_unknown_price_says_why_and_what_to_do(shell: Shell) -> None:
    shell.config(CONFIG % "0.5")
    shell("prices", "compile")
    said = shell("prices", "gift")
    assert said.code == 0
    assert said.out.startswith("gift: ? (only `free = true`")
    assert "prices.toml" in said.out


def test_a_name_that_is_nowhere_is_an_error(shell: Shell) -> None:
    shell.config(CONFIG % "0.5")
    shell("prices", "compile")
    said = shell("prices", "opuss")
    assert said.code == 1
    assert "did you mean 'opus'" in said.err


def test_a_jump_is_held_shown_and_accepted(shell: Shell) -> None:
    shell.config(CONFIG % "0.5")
    shell("prices", "compile")
    shell.config(CONFIG % "500")
    held = "siliconflow house/odd-1: input from 0.5 to 500 (more than 10 times)"
    assert f"held: {held}" in shell("prices", "compile").out
    assert "0.5 in" in shell("prices", "odd").out
    assert shell("prices", "accept", "opus").code == 1
    assert f"taken: {held}" in shell("prices", "accept", "odd").out
    assert "500 in" in shell("prices", "odd").out
    assert shell("prices", "accept").code == 64
