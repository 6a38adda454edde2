"""Screen 8: bills beside what was metered."""

import pytest

from costtui.tui.app import CosttuiApp
from costtui.tui.frame import framed, text_of
from costtui.tui.glyphs import Glyphs
from costtui.tui.scene import Choices, Scene
from tests.tui.archives import FixedArchive
from tests.tui.billed import bills
from tests.tui.pictures import NOW_MS, FixedClock, FixedFeed, carried
from tests.tui.steered import text

pytestmark = pytest.mark.anyio


def seen(width: int = 120, height: int = 40, selected: str | None = None, *, none: bool = False) -> str:
    table = None if none else bills(NOW_MS)
    choices = Choices(view="bills", selected=selected)
    return text_of(framed(Scene(carried(), NOW_MS // 60_000 * 60_000, width, height, choices, Glyphs(), bills=table)))


@pytest.mark.parametrize(
    ("selected", "said"),
    [
        ("openai", "traffic outside the gateway +10.00 $: 5000000 tokens billed, 4000000 metered, at the same price;"),
        ("anthropic", "DISPUTED: the bill is about 100 times what was metered, every day"),
        ("anthropic", "it is the whole organisation's bill"),
        ("huggingface", "llama-tgi running, 2 up, 9.00 $/h"),
        ("together", "refused the key (401): check the key"),
        ("siliconflow", "it shut its billing API down in August 2026"),
    ],
)
def test_below_the_table_stands_what_is_known_of_the_selected_provider(selected: str, said: str) -> None:
    assert said in " ".join(seen(selected=selected).split()) or said in seen(selected=selected)


def test_a_disputed_and_a_stale_bill_are_unknown_and_the_others_stand_in_columns() -> None:
    rows = {line.split()[0].lstrip("▸> "): line for line in seen().splitlines() if line.strip()}
    assert "850.12" in rows["openai"]
    assert "+10.00" in rows["openai"]
    assert "80%" in rows["openai"]
    for provider, amount in (("anthropic", "200.00"), ("together", "40.00")):
        line = next(each for each in seen().splitlines() if provider in each)
        assert amount not in line
        assert "?" in line


def test_a_narrow_screen_keeps_provider_age_bill_and_difference() -> None:
    shown = seen(80, 24)
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert "month billed $" in shown
    assert "stale 3d00h" in shown


def test_without_bills_it_says_what_to_do() -> None:
    assert "[billing]" in seen(none=True)


async def test_bills_are_asked_for_while_they_are_looked_at_and_by_nobody_else() -> None:
    archive = FixedArchive()
    app = CosttuiApp(FixedFeed(carried()), FixedClock(), archive=archive)  # type: ignore[arg-type]  # answers by hand
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert archive.asked == []
        await pilot.press("8")
        await pilot.pause()
        assert archive.asked == ["bills"]
        assert "DISPUTED" in text(app)
