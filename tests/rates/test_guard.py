"""A price that jumps waits for a yes, and what is no price is never taken."""

from dataclasses import asdict, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costtui.config.model import Config, Target
from costtui.domain.price import PriceTier, TokenPrice
from costtui.errors import ConfigError
from costtui.rates.compile import compile_prices, guard_of, write_prices
from costtui.rates.guard import Guard, accepted_of
from costtui.rates.overlay import read_overlay
from costtui.rates.prices import PriceBook
from costtui.rates.rows import from_json, to_json

D = Decimal
GOOD = TokenPrice(
    "acme", "m-1", D("0.5"), D("1.5"), D("0.25"), source="list", cache_write=D("0.625"), cache_write_1h=D(1),
    input_audio=D(2), output_audio=D(4), usd_per_request=D("0.01"), usd_per_image=D("0.04"),
    usd_per_web_search=D("0.03"), tiers=(PriceTier(1000, D(1), D(3), service_tier=""),), factors=(("flex", D("0.5")),),
)  # fmt: skip
OFFER = ("acme", "m-1")
AMOUNTS = [each.name for each in fields(GOOD) if isinstance(getattr(GOOD, each.name), Decimal)]
FACTORS = [D("0.000001"), D("0.001"), D(0), D(-1), D(1000), D(1_000_000), D("NaN")]
CONFIG = Config(targets=(Target("own", provider="siliconflow", model="house/odd-1"),))


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("kind", AMOUNTS)
def test_a_mutated_price_is_refused_and_the_last_good_one_kept(kind: str, factor: Decimal) -> None:
    change: dict[str, Any] = {kind: getattr(GOOD, kind) * factor}
    taken, held = Guard({OFFER: (GOOD,)}).check([replace(GOOD, **change)])
    assert taken == [GOOD]
    assert [each.model for each in held] == ["m-1"]


@pytest.mark.parametrize("factor", FACTORS)
def test_a_mutated_tier_or_service_tier_is_refused(factor: Decimal) -> None:
    tier = replace(GOOD.tiers[0], output=D(3) * factor)
    for new in (replace(GOOD, tiers=(tier,)), replace(GOOD, factors=(("flex", D("0.5") * factor),))):
        assert Guard({OFFER: (GOOD,)}).check([new])[0] == [GOOD]


@pytest.mark.parametrize("text", ["", "NaN", "Infinity", "-1", "1e400", "0x10", "1,000.00", "1000001"])
@pytest.mark.parametrize("kind", AMOUNTS)
def test_text_that_is_no_amount_is_no_price(kind: str, text: str) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        from_json({**to_json(GOOD), kind: text})


def test_a_price_comes_back_from_json_as_it_was() -> None:
    assert from_json(to_json(replace(GOOD, hours=(30, 990)))) == replace(GOOD, hours=(30, 990))


def test_a_price_may_move_by_ten_times_and_not_by_more() -> None:
    guard = Guard({OFFER: (GOOD,)})
    for taken in (D(5), D("0.05")):
        assert guard.check([replace(GOOD, input=taken)])[1] == []
    for held in (D("5.000001"), D("0.049999")):
        assert [each.kind for each in guard.check([replace(GOOD, input=held)])[1]] == ["input"]


def test_a_later_days_price_is_held_against_the_day_before() -> None:
    later = replace(GOOD, from_ms=1000, output=D(100))
    taken, held = Guard({OFFER: (GOOD,)}).check([GOOD, later])
    assert taken == [GOOD]
    assert held[0].text == "acme m-1: output from 1.5 to 100 (more than 10 times)"


def test_what_has_a_flaw_is_not_taken_even_when_it_is_new() -> None:
    taken, held = Guard({}).check([replace(GOOD, input=D(0))])
    assert taken == []
    assert "only `free = true`" in held[0].why


def test_a_declared_free_model_needs_no_other_yes() -> None:
    free = replace(GOOD, input=D(0), output=D(0), free=True)
    assert Guard({OFFER: (GOOD,)}).check([free]) == ([free], [])
    assert Guard({OFFER: (free,)}).check([GOOD]) == ([GOOD], [])


def test_a_yes_covers_what_was_shown_and_nothing_else() -> None:
    new = replace(GOOD, input=D(100))
    held = Guard({OFFER: (GOOD,)}).check([new])[1]
    said_yes = Guard({OFFER: (GOOD,)}, accepted_of(held, "m-1", ()))
    assert said_yes.check([new]) == ([new], [])
    assert said_yes.check([replace(GOOD, input=D(200))])[0] == [GOOD]
    assert accepted_of(held, "another", ()) == frozenset()


def compiled(folder: Path, row: str, accept: list[str] | None = None) -> PriceBook:
    (folder / "config.toml").write_text("")
    head = '[[price]]\nprovider = "siliconflow"\nmodel = "house/odd-1"\nfrom = 2026-01-01\n'
    (folder / "prices.toml").write_text(head + row)
    overlay = read_overlay(folder / "config.toml", CONFIG.host.timezone)
    write_prices(folder, compile_prices(CONFIG, (), overlay, guard_of(folder, accept or [])), 1, "")
    book = PriceBook.load(folder)
    assert book is not None
    return book


def test_a_jump_is_held_from_one_compilation_to_the_next_until_it_is_accepted(tmp_path: Path) -> None:
    compiled(tmp_path, "input = 0.5\noutput = 2\n")
    for _ in range(2):
        book = compiled(tmp_path, "input = 500\noutput = 2\n")
        assert [row.input for row in book.targets["own"]] == [D("0.5")]
        assert [each.after for each in book.held] == ["500"]
    book = compiled(tmp_path, "input = 500\noutput = 2\n", ["own"])
    assert [row.input for row in book.targets["own"]] == [D(500)]
    assert book.held == ()


@pytest.mark.parametrize("written", ["0", "-0.5", '""', "nan", "inf", "1e7", '"0.5"', "true"])
@pytest.mark.parametrize("kind", ["input", "output"])
def test_what_the_user_cannot_mean_is_refused_and_the_file_stays(tmp_path: Path, kind: str, written: str) -> None:
    rates = {"input": "0.5", "output": "2"}
    before = compiled(tmp_path, "".join(f"{key} = {rate}\n" for key, rate in rates.items()))
    with pytest.raises(ConfigError, match=rf"prices\.toml:\d+ price\[0\]\.{kind}: "):
        compiled(tmp_path, "".join(f"{key} = {rate}\n" for key, rate in (rates | {kind: written}).items()))
    after = PriceBook.load(tmp_path)
    assert after is not None
    assert after.hash == before.hash


def test_what_is_held_is_plain_text(tmp_path: Path) -> None:
    compiled(tmp_path, "input = 0.5\noutput = 2\n")
    held = compiled(tmp_path, "input = 0.5\noutput = 2000\n").held
    assert asdict(held[0]) == {
        "provider": "siliconflow", "model": "house/odd-1", "kind": "output", "before": "2", "after": "2000",
        "why": "more than 10 times",
    }  # fmt: skip
