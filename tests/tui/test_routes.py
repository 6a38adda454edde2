"""Screen 3: what each target costs and has room for, and what the route saved."""

import msgspec
import pytest

from costtui.domain.money import NanoUsd
from costtui.report.decided import Considered, Decided
from costtui.report.savings import Saving
from costtui.report.schema import Gateway, TargetState
from costtui.tui.frame import framed, text_of
from costtui.tui.glyphs import Glyphs
from costtui.tui.scene import Choices, Scene
from tests.tui.pictures import NOW_MS, carried

USD = 1_000_000_000
DECIDED = {
    7: Decided("idle-first", (Considered("llama", 0, ""), Considered("novita", 3_500_000, "costs more")), "chat"),
}
SAVED = {("chat", "novita"): Saving(NanoUsd(90 * USD), NanoUsd(70 * USD))}


def seen(target: TargetState | None = None, saved: Saving | None = None, width: int = 120) -> str:
    picture = carried()
    if target is not None:
        told = Gateway(state="running", pid=7, age_seconds=1.0, targets=(target,))
        picture = msgspec.structs.replace(picture, gateway=told)
    found = SAVED if saved is None else {("chat", "novita"): saved}
    choices = Choices(view="routes", selected="chat")
    scene = Scene(picture, NOW_MS // 60_000 * 60_000, width, 40, choices, Glyphs(), savings=found, decided=DECIDED)
    return text_of(framed(scene))


def test_the_last_request_s_cost_and_the_day_s_saving_stand_beside_each_target() -> None:
    rows = {line.split()[0]: line for line in seen().splitlines() if line.startswith("   ")}
    assert " 0 " in rows["llama"]
    assert "0.0035" in rows["novita"]
    assert "~70.00" in rows["novita"]
    assert "chat all at novita: ~90.00 $ today; saved ~70.00 $ against that" in seen()
    assert "saved ~70.00 $" in seen(width=80)


@pytest.mark.parametrize(
    ("saving", "said"),
    [
        (Saving(NanoUsd(2 * USD), NanoUsd(-3 * USD)), "~2.00 $ today; overspent ~3.00 $ against that"),
        (Saving(None, None), "? $ today, it has no known price"),
        (Saving(NanoUsd(2 * USD), None), "~2.00 $ today; what was spent is not wholly known"),
    ],
)
def test_what_is_not_known_is_not_called_saved(saving: Saving, said: str) -> None:
    assert said in seen(saved=saving)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (TargetState("llama", True, "", 3, room=253), "self-hosted, room for 253"),
        (TargetState("llama", True, "", 3, room=0, spilling=True), "self-hosted, full: spills"),
        (TargetState("llama", True, "", 0, room=256, asleep=True), "self-hosted, asleep"),
        (TargetState("llama", False, "5 failures", 0, room=256), "left alone: 5 failures"),
    ],
)
def test_a_target_says_how_much_room_it_has(state: TargetState, said: str) -> None:
    assert said in seen(state)
