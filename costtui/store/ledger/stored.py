"""An attempt back out of its row."""

from typing import Any

from costtui.domain.attempt import Attempt
from costtui.domain.charge import Charge
from costtui.domain.usage import Usage
from costtui.store.ledger.schema import COLUMNS, OUTCOMES, PROVENANCES, SOURCES

_SPELT = {
    "lane": "lanes.number",
    "service_tier": "coalesce((select text from texts where id = service_tier), '')",
    "user_id": "coalesce((select text from texts where id = attempt.user_id), '')",
    "reason": "coalesce((select text from texts where id = attempt.reason), '')",
}
SPELT = ", ".join(_SPELT.get(name, f"attempt.{name}") for name in COLUMNS[1:])
"""Every column but `seq`, texts spelt out; of `attempt join lanes on lanes.id = attempt.lane`."""
NUMBERED = ", ".join("lanes.number" if name == "lane" else f"attempt.{name}" for name in COLUMNS[1:])
"""The same with the numbers of texts, for whoever has them in memory."""


def attempt_of(row: Any) -> Attempt:
    """From the columns of SPELT. Raises ValueError or IndexError for a row that was never written so."""
    (
        attempt_id, request_id, lane, started_ms, duration_ms, ttft_ms, outcome, status, flags,
        tokens_in, tokens_out, cached, written, written_1h, reasoning, audio_in, audio_out, images, searches,
        tier, reported, source, nano_in, nano_cached, nano_written, nano_out, nano_flat,
        provenance, saved, user_id, reason,
    ) = row  # fmt: skip
    usage = Usage(
        *(tokens_in, tokens_out, cached, written, written_1h, reasoning, audio_in, audio_out, images, searches),
        *(tier, reported),
    )
    charge = None if nano_in is None else Charge(nano_in, nano_cached, nano_written, nano_out, nano_flat)
    return Attempt(
        *(attempt_id, request_id, lane, started_ms, duration_ms, ttft_ms, OUTCOMES[outcome], status),
        *(flags & 1 == 1, usage, SOURCES[source], flags & 2 == 2, charge, PROVENANCES[provenance], saved),
        *(user_id, reason),
    )
