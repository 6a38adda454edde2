"""What a verdict costs over a year: `python -m tests.bench.verdict_year`.

Eight GPUs and three engines in quarters, hours and days, five lanes of a ledger, both over 365 days; prints
milliseconds of each answer, best of five: what the host knows, its bill, its break-even, the claims, its traffic at
other sellers with prices by request size, its idle hours, advice, what became of it, and a frame of screen 5.
"""

import contextlib
import json
import random
import sqlite3
import tempfile
from decimal import Decimal
from pathlib import Path

from costtui.analysis.breakeven_standing import standing_of
from costtui.config.model import Config, Target
from costtui.domain.amount import RateSource
from costtui.domain.control import Kind, Revision
from costtui.domain.price import PriceTier, TokenPrice
from costtui.domain.terms import GpuTerms, PowerTerms, Rate
from costtui.rates.prices import PriceBook
from costtui.report.advice import advice
from costtui.report.advised import figures_of
from costtui.report.counterfactual import counterfactual
from costtui.report.followed import followed
from costtui.report.idle import idle_report
from costtui.report.verdict import Situation, situation
from costtui.report.verdict_breakeven import setting_of
from costtui.report.verdict_claims import claims_of
from costtui.report.verdict_tco import total_of
from costtui.store.buckets import DAYS, HOURS, QUARTERS
from costtui.store.ledger.file import open_ledger
from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.rows import Head
from costtui.store.ledger.schema import LEDGER
from costtui.store.place import TELEMETRY
from costtui.store.reader import TelemetryReader
from costtui.store.writer import TelemetryWriter
from costtui.tui.frame import framed
from costtui.tui.scene import Choices, Scene
from tests.bench.ledger_size import fill_year
from tests.bench.store_year import DAY_MS, END_MS, ENGINES, GPUS, engine_rows, gpu_rows, milliseconds
from tests.tui.pictures import carried

CONFIG = Config(targets=tuple(Target(f"engine-{number}", engine="vllm", model="m") for number in range(1, ENGINES + 1)))
PRICE = TokenPrice("openai", "m", Decimal(1), Decimal(8), tiers=(PriceTier(200_000, input=Decimal(2)),))
BOOK = PriceBook({f"model-{number}": (PRICE,) for number in range(4)}, {}, {}, "", 0, "", {}, (), "")
BEGIN_MS = END_MS - 365 * DAY_MS
FOLLOWED = (
    Revision(
        *(1, "route-0", END_MS - 182 * DAY_MS, "ana", "advice: change-seller m: 90.00 $ a month", Kind.SHIFT),
        (("engine-1", 100),),
    ),
)
UUIDS = [f"GPU-{number:08d}-0000-0000-0000-000000000000" for number in range(1, GPUS + 1)]


def fill(state_dir: Path) -> None:
    """A year of quarters."""
    writer = TelemetryWriter.open(state_dir, now_ms=END_MS)
    terms = GpuTerms((Rate(0, Decimal("2.49")),), RateSource.CONTRACT, "always", PowerTerms(in_rent=True))
    for uuid in UUIDS:
        writer.keep_terms(uuid, terms, 1)
    writer.close()
    dice = random.Random(1)
    with contextlib.closing(sqlite3.connect(state_dir / TELEMETRY)) as connection:
        for number, uuid in enumerate(UUIDS, 1):
            row = (number, uuid, number - 1, "NVIDIA H100 80GB HBM3")
            connection.execute(f"insert into gpus values (?, ?, ?, ?, 1, {END_MS}, 'busy', {END_MS})", row)
        for number in range(1, ENGINES + 1):
            connection.execute("insert into engines (id, name) values (?, ?)", (number, f"engine-{number}"))
        gpus, engines = ", ".join("?" * 18), ", ".join("?" * 15)
        for grain in (QUARTERS, HOURS, DAYS):
            first, last = (END_MS - 365 * DAY_MS) // grain.size_ms, END_MS // grain.size_ms
            cards, served = gpu_rows(grain, first, last, dice), engine_rows(grain, first, last, dice)
            connection.executemany(f"insert into gpu_{grain.name} values ({gpus})", cards)
            connection.executemany(f"insert into engine_{grain.name} values ({engines})", served)
        connection.commit()
    ledger = open_ledger(state_dir / LEDGER, Head(0, bytes(32), 0), "the first")
    fill_year(ledger, END_MS // DAY_MS * DAY_MS)
    ledger.close()


def main() -> None:
    """Build, ask, print."""
    engines = [
        {"name": f"engine-{number}", "model": "m", "gpus": UUIDS[:2], "capacity_output_tokens_per_second": 900}
        for number in range(1, ENGINES + 1)
    ]
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder))
        telemetry, ledger = TelemetryReader(Path(folder)), LedgerReader(Path(folder))

        def known() -> Situation:
            return situation(telemetry, ledger, {"engines": engines}, CONFIG, None, END_MS)

        found = known()
        setting, total = setting_of(found), total_of(found)
        scene = Scene(carried(), END_MS, 120, 40, Choices(view="versus"), situation=found)
        asked = {
            "what the host knows": milliseconds(known),
            "its bill": milliseconds(lambda: total_of(found)),
            "its break-even": milliseconds(lambda: standing_of(setting_of(found))),
            "the claims": milliseconds(lambda: claims_of(found, total, setting, ledger)),
            "a year at other sellers": milliseconds(lambda: counterfactual(ledger, CONFIG, BOOK, BEGIN_MS, END_MS)),
            "its idle hours": milliseconds(lambda: idle_report(telemetry, CONFIG, BOOK, BEGIN_MS, END_MS)),
            "advice of the year": milliseconds(
                lambda: advice(figures_of(Path(folder), telemetry, ledger, CONFIG, BOOK, BEGIN_MS, END_MS))
            ),
            "what was followed for half of it": milliseconds(lambda: followed(ledger, FOLLOWED, END_MS)),
            "a frame of screen 5": milliseconds(lambda: framed(scene)),
        }
        telemetry.close()
        ledger.close()
    print(json.dumps({"tokens_per_day": int(setting.value("volume") or 0), "milliseconds": asked}, indent=1))


if __name__ == "__main__":
    main()
