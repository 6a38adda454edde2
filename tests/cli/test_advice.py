"""`costtui advice` as it is typed."""

import json
from decimal import Decimal

from costtui.domain.control import Kind, Revision
from costtui.domain.usage import Usage
from costtui.store.controls import ControlsStore
from tests.cli.clock import now_ms
from tests.cli.ledger import OPENAI, charge, keep
from tests.cli.shell import Shell
from tests.store.ledger.made import attempt

MINUTE = 60_000
CHEAP = OPENAI._replace(target="cheap", provider="novita")
SAID = "advice: change-seller gpt-5: 4380.00 $ a month"


def follow(shell: Shell) -> None:
    """Ten minutes ago a shift; before it 1,000 tokens for 0.3 $, since then 2,000 for 0.4 $."""
    now = now_ms()
    usage = Usage(900, 100)
    before = attempt(1, 0, now - 20 * MINUTE, usage=usage, charge=charge(200_000_000, 0, 0, 100_000_000, 0))
    after = [
        attempt(2 + each, 0, now - (each + 1) * MINUTE, usage=usage, charge=charge(150_000_000, 0, 0, 50_000_000, 0))
        for each in range(2)
    ]
    keep(shell.state_dir, [(OPENAI, before), *((CHEAP, each) for each in after)], now)
    store = ControlsStore.open(shell.state_dir)
    store.add_revision(Revision(1, "code", now - 10 * MINUTE, "mara", SAID, Kind.SHIFT, (("cheap", 1),)))
    store.close()


def test_advice_that_was_followed_is_told_with_what_it_promised_and_what_it_saved(shell: Shell) -> None:
    follow(shell)
    document = json.loads(shell("advice", "--followed", "--json").out, parse_float=Decimal)
    assert document["schema"] == "costtui.advice.followed/1"
    (found,) = document["followed"]
    assert (found["advice"], found["route"], found["actor"]) == ("change-seller gpt-5", "code", "mara")
    assert (found["former_way_usd"], found["paid_to_apis_usd"], found["saved_usd"]) == (
        Decimal("0.6"),
        Decimal("0.4"),
        Decimal("0.2"),
    )
    assert (found["tokens"], found["predicted_usd_per_month"]) == (2_000, 4_380)
    # 0.2 $ in ten minutes and a moment are at most 876 $ in 730 hours
    assert 800 < found["realised_usd_per_month"] <= 876
    assert found["realised_of_predicted"] == round(found["realised_usd_per_month"] / 4_380, 9)


def test_its_text_says_where_the_figures_come_from(shell: Shell) -> None:
    follow(shell)
    said = shell("advice", "--followed")
    assert (said.code, said.err) == (0, "")
    assert "change-seller gpt-5: predicted 4380.00 $ a month, realised 8" in said.out
    assert "2.0k tokens, 0.60 $ at the former rates, 0.40 $ paid to APIs, 0.20 $ saved so far" in said.out


def test_where_nothing_was_followed_it_says_how_it_would_be(shell: Shell) -> None:
    assert "carry a --reason" in shell("advice", "--followed").out
    assert json.loads(shell("advice", "--followed", "--json").out)["followed"] == []


def test_without_figures_nothing_is_advised(shell: Shell) -> None:
    assert "nothing that the figures of this span support" in shell("advice").out
    assert json.loads(shell("advice", "--json").out)["advice"] == []
