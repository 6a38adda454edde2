"""Bills by hand, for the screen that shows them."""

from dataclasses import replace
from decimal import Decimal

from costtui.analysis.reconcile import Billed, Metered, Place, reconcile
from costtui.domain.bill import Balance, BurnItem
from costtui.domain.money import NanoUsd
from costtui.report.bills import BillsTable, ProviderBill

USD = 1_000_000_000
DAY_MS = 86_400_000
NOTHING = ProviderBill("", "fresh", None, "", "", "", (), None, 0, None, None, (), (), ())


def _bill(provider: str, at_ms: int, **what: object) -> ProviderBill:
    return replace(NOTHING, provider=provider, read_ms=at_ms - 240_000, **what)  # type: ignore[arg-type]  # by name


def bills(at_ms: int, text: str = "openai") -> BillsTable:
    """openai: a key outside the gateway; anthropic: disputed; novita prepaid; endpoints by the hour; two that fail."""
    day = at_ms // DAY_MS * DAY_MS - 3 * DAY_MS
    out = Place(day, "gpt-5", "output")
    outside = reconcile(
        [Metered(out, NanoUsd(40 * USD), 4_000_000)],
        [Billed(out, NanoUsd(50 * USD), Decimal(5_000_000), keys=("key_notebook",))],
    )
    wrong = reconcile([Metered(out, NanoUsd(2 * USD), 100)], [Billed(out, NanoUsd(200 * USD), Decimal(100))])
    return BillsTable(
        (
            _bill("anthropic", at_ms, scope="org", billed_usd=Decimal(200), metered_usd=Decimal(2), closed=wrong),
            _bill(
                "huggingface",
                at_ms,
                scope="account",
                burning=(BurnItem("llama-tgi", "running", 2, Decimal(9)), BurnItem("old", "paused", 0, Decimal(0))),
            ),
            _bill("novita", at_ms, scope="account", balances=(Balance(NanoUsd(12_400_000_000)),)),
            _bill(text, at_ms, scope="part", billed_usd=Decimal("850.12"), metered_usd=Decimal(812), closed=outside),
            _bill(
                "together",
                at_ms - 3 * DAY_MS,
                age="stale",
                billed_usd=Decimal(40),
                problem="https://api.together.ai/v1/billing/usage refused the key (401)",
                remedy="check the key that the configuration names",
            ),
            _bill("siliconflow", at_ms, age="unsupported", problem="it shut its billing API down in August 2026"),
        ),
        day,
        at_ms,
    )
