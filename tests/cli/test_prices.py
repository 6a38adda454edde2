"""`costtui prices NAME` and `prices accept NAME`."""

from decimal import Decimal

from costtui.domain.bill import ListPrice
from tests.cli.shell import Shell
from tests.cli.test_reconcile import bill

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


LISTED = """
[targets]
same = { provider = "openrouter", model = "house/same-1" }
slip = { provider = "openrouter", model = "house/slip-1" }
moved = { provider = "openrouter", model = "house/moved-1" }
lacks = { provider = "openrouter", model = "house/lacks-1" }
gift = { provider = "openrouter", model = "house/gift-1" }
[prices]
same = [{ from = 2026-01-01, input = 0.5, output = 2, cached_input = 0.05 }]
slip = [{ from = 2026-01-01, input = 0.5, output = 2 }]
moved = [{ from = 2026-01-01, input = 0.5, output = 2 }]
"""


def test_what_openrouter_lists_stands_beside_the_table_and_prices_nothing_by_itself(shell: Shell) -> None:
    def price(name: str, given: str, made: str, cached: str | None = None, varies: bool = False) -> ListPrice:
        known = None if cached is None else Decimal(cached)
        return ListPrice(f"House/{name}-1", Decimal(given), Decimal(made), known, varies)

    shell.config(LISTED)
    assert "itself lists" not in shell("prices", "compile").out
    rows = (
        *(price("same", "0.50", "2", "0.05"), price("slip", "0.5", "2000")),
        *(price("moved", "0.6", "2", "0.06"), price("lacks", "0.12", "0.3", varies=True)),
        *(price("gift", "0", "0"), price("unheard", "1", "1")),
    )
    bill(shell, *rows, provider="openrouter", feed="models", kind="price")
    lines = shell("prices").out.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("openrouter itself lists (read 20"))
    assert lines[place].endswith("UTC): 1 of 5 as above")
    assert lines[place + 1 :] == [
        "  gift: House/gift-1 is listed as free; only `free = true` in [prices] makes it so",
        "  lacks: House/lacks-1 costs 0.12 in, 0.3 out, otherwise for some; [[price]] in prices.toml takes it",
        "  House/moved-1: 0.6 in, 2 out, 0.06 cached, above 0.5 in, 2 out (config); [prices] changes it",
        "  House/slip-1: 0.5 in, 2000 out (more than 10 times: look twice), above 0.5 in, 2 out"
        " (config); [prices] changes it",
    ]
    assert "lacks: House/lacks-1 costs 0.12 in" in shell("prices", "lacks").out
    assert shell("prices", "lacks").out.startswith("lacks: ? (")
