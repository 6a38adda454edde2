"""A bill that leaves what was metered behind, or the other way round, is told."""

from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from costtui.agent.bill_watch import LOOK_MS, BillWatch
from costtui.config.model import Billing, Config
from costtui.domain.bill import BilledLine, Dimensions
from costtui.domain.billed import BillAnswer, FeedState
from costtui.domain.charge import Charge
from costtui.domain.money import NanoUsd
from costtui.domain.secret import SecretRef
from costtui.domain.usage import Usage
from costtui.store.writer import TelemetryWriter
from tests.cli.ledger import OPENAI, keep
from tests.report.scene import DAY, HOUR, MIDNIGHT
from tests.store.ledger.made import attempt

NOON = MIDNIGHT + 12 * HOUR
USD = 1_000_000_000
CONFIG = Config(billing=(Billing("openai", SecretRef("env", "ADMIN"), (("projects", ("p",)),)),))


def bill(state_dir: Path, usd: str, scope: str = "part") -> None:
    """40 $ were metered three days ago; this was billed."""
    spent = attempt(
        1, 0, MIDNIGHT - 3 * DAY + HOUR, usage=Usage(0, 4_000_000), charge=Charge(output_nano=NanoUsd(40 * USD))
    )
    keep(state_dir, [(OPENAI, spent)], NOON)
    begin = MIDNIGHT - 3 * DAY
    line = BilledLine(begin, begin + DAY, NanoUsd(int(Decimal(usd) * USD)), Dimensions("gpt-5", "output"))
    state = FeedState("openai", "costs", NOON, kind="spend", scope=scope, every_seconds=1_800, lag_seconds=86_400)
    with closing(TelemetryWriter.open(state_dir, now_ms=NOON)) as writer:
        writer.keep_bill(BillAnswer("openai", "costs", (line,), NOON), state).result(5)


@pytest.mark.parametrize(
    ("usd", "scope", "told"),
    [
        ("42", "part", []),
        ("36", "part", []),
        (
            "50",
            "part",
            ["openai billed 125% of what was metered in the last week: costtui reconcile --provider openai"],
        ),
        ("20", "part", ["openai billed 50% of what was metered in the last week: costtui reconcile --provider openai"]),
        ("4000", "part", ["openai's bill is off by about 100 times: costtui reconcile"]),
        ("4000", "org", []),
    ],
)
def test_a_bill_more_than_a_tenth_off_is_told_unless_it_is_the_whole_organisation_s(
    usd: str, scope: str, told: list[str], tmp_path: Path
) -> None:
    bill(tmp_path, usd, scope)
    with closing(BillWatch(tmp_path)) as watch:
        assert [text for _, text in watch.notices(CONFIG, NOON)] == told


def test_bills_are_compared_every_ten_minutes_and_without_a_key_never(tmp_path: Path) -> None:
    with closing(BillWatch(tmp_path)) as watch:
        assert watch.notices(CONFIG, NOON) == ()
        bill(tmp_path, "50")
        assert watch.notices(CONFIG, NOON + 1) == ()
        assert len(watch.notices(CONFIG, NOON + LOOK_MS)) == 1
        assert watch.notices(Config(), NOON + LOOK_MS) == ()
