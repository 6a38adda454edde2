"""Two days of eight GPUs: what is idle, what to do, and what doing it saved, each against an oracle."""

from collections.abc import Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from costtui.analysis.advice import Advice
from costtui.config.model import Config, Host, Route, Target
from costtui.controls.desk import Desk
from costtui.domain.attempt import Attempt, Lane
from costtui.domain.card import PriceCard
from costtui.domain.gpu import IDLE_STATES, GpuState
from costtui.domain.price import TokenPrice
from costtui.domain.tick import GpuTick
from costtui.domain.usage import Usage
from costtui.policy.plan import choose, plans
from costtui.rates.prices import PriceBook
from costtui.report.advice import advice
from costtui.report.advised import figures_of
from costtui.report.followed import Followed, command_of, followed
from costtui.report.idle import idle_report
from costtui.store.controls import ControlsStore
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader
from costtui.store.rows import KnownGpu, Second
from costtui.store.writer import TelemetryWriter
from tests.cli.ledger import keep
from tests.report.scene import DAY, HOUR, MIDNIGHT, contract
from tests.store.ledger.made import attempt

QUARTER, USD = 900_000, 1_000_000_000
BEGIN, TURN, END = MIDNIGHT - DAY, MIDNIGHT, MIDNIGHT + DAY
"""The advice is read, and followed, at the turn."""
MODEL = "gpt-oss-120b"
PRICES = {
    "groq": TokenPrice("groq", MODEL, Decimal("0.15"), Decimal("0.75"), Decimal("0.075")),
    "novita": TokenPrice("novita", MODEL, Decimal("0.05"), Decimal("0.25"), Decimal("0.025")),
}
CONFIG = Config(
    host=Host("gpu-07", ZoneInfo("UTC")),
    targets=(
        Target("llama", "vllm", "http://127.0.0.1:8000/v1", "llama-3.3-70b", (0, 1, 2, 3)),
        Target("mixtral", "vllm", "http://127.0.0.1:8001/v1", "mixtral-8x7b", (4, 5)),
        *(Target(name, provider=name, model=MODEL) for name in PRICES),
    ),
    routes=(Route("chat", "pinned", ("groq", "novita")),),
)
BOOK = PriceBook(
    models={MODEL: tuple(PRICES.values())},
    targets={name: (price,) for name, price in PRICES.items()},
    unpriced={},
    hash="h",
    compiled_ms=0,
    catalogue="",
    reasons={},
    held=(),
    inputs="",
)
REQUESTS = 6_000


class Requests(NamedTuple):
    """A day's."""

    at_ms: list[int]
    usage: list[Usage]


def requests(from_ms: int, seed: int) -> Requests:
    """By chance, of one shape on each day: prompts and answers as in chats, two fifths of the prompts cached."""
    dice = Random(seed)
    sizes = [(round(dice.lognormvariate(6.9, 1.0)), round(dice.lognormvariate(5.2, 0.8))) for _ in range(REQUESTS)]
    at_ms = sorted(from_ms + dice.randrange(DAY) for _ in sizes)
    return Requests(at_ms, [Usage(1 + prompt, 1 + answer, prompt * 2 // 5) for prompt, answer in sizes])


def usd_of(usage: list[Usage], seller: str) -> Decimal:
    """The oracle: sums at the list price, worked apart from the meter."""
    price = PRICES[seller]
    fresh = sum(each.input_tokens - each.cached_input_tokens for each in usage)
    cached, output = sum(each.cached_input_tokens for each in usage), sum(each.output_tokens for each in usage)
    parts = ((fresh, price.input), (cached, price.cached_input), (output, price.output))
    return sum((tokens * (rate or Decimal(0)) for tokens, rate in parts), Decimal(0)) / 1_000_000


def state_of(gpu: int, quarter: int) -> GpuState:
    """GPUs 0 to 3 serve from 08:00 to 20:00, 4 and 5 never, 6 and 7 always."""
    if gpu in (4, 5):
        return GpuState.IDLE_LOADED
    return GpuState.BUSY if gpu > 5 or 32 <= quarter < 80 else GpuState.IDLE_LOADED


def watched(state_dir: Path) -> None:
    """The first day of the GPUs, at 2.49 $ an hour each."""
    with closing(TelemetryWriter.open(state_dir, now_ms=BEGIN)) as writer:
        for quarter in range(96):
            at_ms = BEGIN + (quarter + 1) * QUARTER
            states = [state_of(gpu, quarter) for gpu in range(8)]
            ticks = tuple(
                GpuTick(f"GPU-{gpu}", at_ms, QUARTER, state, 7, 1, 500_000, 40, 1) for gpu, state in enumerate(states)
            )
            known = tuple(
                KnownGpu(f"GPU-{gpu}", gpu, "NVIDIA H100", BEGIN, at_ms, state, at_ms - QUARTER)
                for gpu, state in enumerate(states)
            )
            writer.record(Second(at_ms, ticks, (), known))
        for gpu in range(8):
            writer.keep_terms(f"GPU-{gpu}", contract("2.49", from_ms=BEGIN)[0].terms, BEGIN).result(30)


def carried(state_dir: Path, day: Requests, seed: int) -> dict[str, list[Usage]]:
    """A day goes the way that the revisions of the store say, request by request; returns what each target took."""
    with closing(ControlsStore.open(state_dir)) as store:
        revisions = store.state().revisions
    dice, rows = Random(seed), list[tuple[Lane, Attempt]]()
    took: dict[str, list[Usage]] = {name: [] for name in PRICES}
    plan = plans(CONFIG, revisions, day.at_ms[0]).plans["chat"]
    for number, (at_ms, usage) in enumerate(zip(day.at_ms, day.usage, strict=True)):
        target = choose(plan, dice.random(), frozenset()).targets[0]
        took[target].append(usage)
        lane = Lane("chat", target, target, False, MODEL, "chat", "k-11111111", MODEL, "h")
        charge = PriceCard.of(PRICES[target]).charge(usage)
        rows.append((lane, attempt(seed * 1_000_000 + number + 1, 0, at_ms, usage=usage, charge=charge)))
    keep(state_dir, rows, day.at_ms[-1])
    return took


def follow(state_dir: Path, advice: Advice, shares: Mapping[str, int]) -> None:
    """What the printed command does, with the reason that it carries."""
    said = command_of(advice).split("--reason '")[1].removesuffix("'")
    with closing(ControlsStore.open(state_dir)) as store:
        desk = Desk(CONFIG, store.state().revisions, "mara", TURN, said)
        store.add_revision(desk.shift("chat", dict(shares), None))


def told(state_dir: Path) -> tuple[Advice, ...]:
    with closing(TelemetryReader(state_dir)) as reader, closing(LedgerReader(state_dir)) as ledger:
        return advice(figures_of(state_dir, reader, ledger, CONFIG, BOOK, BEGIN, TURN))


def realised(state_dir: Path) -> Followed:
    with closing(ControlsStore.open(state_dir)) as store, closing(LedgerReader(state_dir)) as ledger:
        (found,) = followed(ledger, store.state().revisions, END)
    return found


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Requests]:
    state_dir = tmp_path_factory.mktemp("days")
    watched(state_dir)
    day = requests(BEGIN, 1)
    carried(state_dir, day, 1)
    return state_dir, day


def test_the_map_of_a_day_of_eight_gpus_has_each_idle_window_and_nothing_else(
    first_day: tuple[Path, Requests],
) -> None:
    with closing(TelemetryReader(first_day[0])) as reader:
        found = idle_report(reader, CONFIG, BOOK, BEGIN, TURN)
    for hour in range(24):
        idle = 2 + (0 if 8 <= hour < 20 else 4)
        assert found.hours[6, hour].nano == idle * 2_490_000_000
    hours = sum(state_of(gpu, quarter) in IDLE_STATES for gpu in range(8) for quarter in range(96)) // 4
    assert (hours, found.whole.idle_ms, found.whole.nano) == (96, 96 * HOUR, 96 * 2_490_000_000)


def test_advice_of_that_day_equals_the_oracle(first_day: tuple[Path, Requests]) -> None:
    state_dir, day = first_day
    found = {each.kind: each for each in told(state_dir)}
    assert found["idle-gpu"].subject == "mixtral-8x7b"
    assert found["idle-gpu"].month_nano == 2 * 730 * 2_490_000_000
    assert found["night"].subject == "llama-3.3-70b"
    # four GPUs, 00:00 to 08:00 and 20:00 to 24:00 of the one day, each less half an hour: 11 h at 2.49 $
    assert found["night"].month_nano == round(4 * 11 * 2_490_000_000 * 730 / 24)
    saved = usd_of(day.usage, "groq") - usd_of(day.usage, "novita")
    month = found["change-seller"].month_nano
    assert month is not None
    assert abs(month - saved * 730 / 24 * USD) < 100 * REQUESTS  # half a nano a request and kind, times 730 / 24
    assert command_of(found["change-seller"]).endswith(
        f"novita=100 --for 2h --reason 'advice: change-seller {MODEL}: {month / USD:.2f} $ a month'"
    )


@pytest.mark.parametrize(("shares", "share"), [({"novita": 100}, 1.0), ({"groq": 50, "novita": 50}, 0.5)])
def test_advice_that_is_followed_saves_what_it_promised_within_a_tenth(
    tmp_path: Path, shares: dict[str, int], share: float
) -> None:
    """Another day of the same shape; the one that is followed by half saves half."""
    watched(tmp_path)
    carried(tmp_path, requests(BEGIN, 1), 1)
    (advice,) = (each for each in told(tmp_path) if each.kind == "change-seller")
    follow(tmp_path, advice, shares)
    took = carried(tmp_path, requests(TURN, 2), 2)
    found = realised(tmp_path)
    promised, told_nano = found.promise.month_nano or 0, advice.month_nano or 0
    assert abs(promised - told_nano) <= USD // 200  # it is written down in cents
    assert found.ratio is not None
    assert share * 0.9 <= found.ratio <= share * 1.1
    everything = [each for usages in took.values() for each in usages]
    paid = sum(usd_of(usages, name) for name, usages in took.items())
    assert found.saved_nano is not None
    assert abs(found.saved_nano - (usd_of(everything, "groq") - paid) * USD) < usd_of(everything, "groq") * USD / 50
    assert found.tokens == sum(each.input_tokens + each.output_tokens for each in everything)
