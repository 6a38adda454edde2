"""An endpoint that was paused on advice: its rent before and since, worked by hand."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from costtui.analysis.followed import Promise
from costtui.domain.bill import BurnItem
from costtui.domain.billed import BillAnswer, FeedState, KeptLevel
from costtui.domain.endpoint import EndpointOrder
from costtui.domain.money import NanoUsd
from costtui.report.followed import words
from costtui.report.followed_up import endpoint_followed, followed_up
from costtui.store.controls import ControlsStore
from costtui.store.endpoints import add_order
from costtui.store.ledger.reader import LedgerReader
from costtui.store.writer import TelemetryWriter

HOUR, USD = 3_600_000, 1_000_000_000
PAUSED_MS = 1_000 * HOUR
REASON = "advice: stop-endpoint huggingface/acme/ep: 1314.00 $ a month"
TOLD = Promise("stop-endpoint huggingface/acme/ep", NanoUsd(1_314 * USD))
ORDER = EndpointOrder(1, "huggingface", "acme/ep", "pause", PAUSED_MS, "ana", REASON)


def level(from_hour: int, to_hour: int, usd: str | None) -> KeptLevel:
    """Hours from the order on."""
    item = BurnItem("acme/ep", "running", 1, None if usd is None else Decimal(usd), "m")
    return KeptLevel("huggingface", "endpoints", item, PAUSED_MS + from_hour * HOUR, PAUSED_MS + to_hour * HOUR)


BEFORE, OFF = level(-50, 0, "1.8"), level(1, 10, "0")


def test_rent_since_the_order_is_held_against_the_rent_before_it() -> None:
    found = endpoint_followed(ORDER, TOLD, [BEFORE, OFF], PAUSED_MS + 20 * HOUR)
    # the pause took an hour; then nothing was owed for nine, and of later nobody has read: 1 of 10 hours at 1.8 $
    assert (found.held_ms, found.former_nano, found.paid_nano) == (10 * HOUR, 18 * USD, 1_800_000_000)
    assert found.saved_nano == 16_200_000_000
    # 16.2 $ in 10 hours are 1182.60 $ in 730; 90 % of what was promised
    assert found.month_nano == 1_182_600_000_000
    first, second = words(found, "Mon 12:00")
    assert (
        first == "stop-endpoint huggingface/acme/ep: predicted 1314.00 $ a month, realised 1182.60 $ a month, 90% of it"
    )
    assert "18.00 $ at its rent before, 1.80 $ of rent since, 16.20 $ saved so far" in second


@pytest.mark.parametrize(
    "levels", [[], [OFF], [BEFORE, level(1, 10, None)], [level(-50, 0, None), OFF], [level(-50, -1, "1.8")]]
)
def test_what_the_provider_did_not_say_is_unknown(levels: list[KeptLevel]) -> None:
    assert endpoint_followed(ORDER, TOLD, levels, PAUSED_MS + 20 * HOUR).saved_nano is None


def test_orders_that_name_advice_are_followed_up_until_the_next_order(tmp_path: Path) -> None:
    writer = TelemetryWriter.open(tmp_path, now_ms=PAUSED_MS)
    for each in (BEFORE, OFF):
        state = FeedState(each.provider, each.feed, each.at_ms, kind="burn", scope="account", every_seconds=60)
        for at_ms in (each.since_ms, each.at_ms):
            writer.keep_bill(BillAnswer(each.provider, each.feed, (each.row,), at_ms), state).result(10)
    writer.close()
    ControlsStore.open(tmp_path).close()
    add_order(tmp_path, replace(ORDER, order_id=0))
    add_order(tmp_path, replace(ORDER, order_id=0, action="resume", at_ms=PAUSED_MS + 6 * HOUR, reason=REASON))
    add_order(tmp_path, replace(ORDER, order_id=0, at_ms=PAUSED_MS + 8 * HOUR, reason="tidying up"))
    ledger = LedgerReader(tmp_path)
    (found,) = followed_up(tmp_path, ledger, (), PAUSED_MS + 20 * HOUR)
    ledger.close()
    assert (found.endpoint, found.route, found.held_ms) == (True, "huggingface/acme/ep", 6 * HOUR)
    # six hours at 1.8 $, of which the first was still owed
    assert (found.former_nano, found.paid_nano) == (10_800_000_000, 1_800_000_000)
