"""Values that are one field of JSON text in the store; rates stay exact as decimal strings."""

import json
from decimal import Decimal
from typing import Any

from costtui.domain.amount import RateSource
from costtui.domain.terms import GpuTerms, PowerTerms, Rate


def terms_text(terms: GpuTerms) -> str:
    """Terms as JSON."""
    power = terms.power
    return json.dumps(
        {
            "rates": [[rate.from_ms, str(rate.usd_per_hour), rate.until_ms] for rate in terms.rates],
            "source": terms.source.value,
            "rent": terms.rent,
            "in_rent": power.in_rent,
            "usd_per_kwh": None if power.usd_per_kwh is None else str(power.usd_per_kwh),
            "pue": str(power.pue),
            "note": terms.note,
        }
    )


def terms_from(text: str) -> GpuTerms:
    """Terms back from JSON."""
    body: dict[str, Any] = json.loads(text)
    price = body["usd_per_kwh"]
    return GpuTerms(
        rates=tuple(Rate(at, Decimal(usd), until) for at, usd, until in body["rates"]),
        source=RateSource(body["source"]),
        rent=body["rent"],
        power=PowerTerms(body["in_rent"], None if price is None else Decimal(price), Decimal(body["pue"])),
        note=body["note"],
    )
