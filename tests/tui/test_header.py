"""The two lines that stay on every screen."""

import msgspec
import pytest

from costtui.report.schema import Status
from costtui.tui.header import header
from costtui.tui.line import plain_text
from costtui.tui.scene import Scene
from tests.tui.pictures import NOW_MS, gpu, status


def first_line(picture: Status, width: int) -> str:
    return plain_text(header(Scene(picture, NOW_MS, width, 24))[0])


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_simulated_host_says_so_at_every_width(width: int) -> None:
    simulated = status(host=msgspec.structs.replace(status().host, simulated=True))
    assert "SIM" in first_line(simulated, width)
    assert "SIM" not in first_line(status(), width)


def test_a_list_price_is_called_one() -> None:
    own = status(gpus=(gpu(0, "empty"),))
    guessed = status(gpus=(gpu(0, "empty", rate_source="list price"),))
    assert "GPU 17.43 list" in first_line(guessed, 120)
    assert "list" not in first_line(own, 120)


def test_an_amount_that_does_not_fit_is_left_out_and_never_cut() -> None:
    dead = status(
        agent=msgspec.structs.replace(status().agent, state="dead"),
        host=msgspec.structs.replace(status().host, simulated=True),
    )
    assert "$/h" in first_line(dead, 80)
    assert "17" not in first_line(dead, 40)
