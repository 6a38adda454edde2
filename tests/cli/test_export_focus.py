"""`costtui export focus` as a user runs it."""

import csv
import io
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from costtui.analysis.focus import COLUMNS
from costtui.domain.attempt import Lane
from costtui.domain.bill import BilledLine
from costtui.domain.billed import BillAnswer, FeedState
from costtui.domain.money import NanoUsd
from costtui.store.rows import Second
from costtui.store.writer import TelemetryWriter
from tests.cli.clock import now_ms
from tests.cli.ledger import OPENAI, charge, keep
from tests.cli.shell import DEADLINE_SECONDS, Shell
from tests.report.billed import HOUR, known, terms
from tests.report.focus_rules import broken, broken_columns
from tests.store.ledger.made import attempt

DAY = 24 * HOUR
MIB = 1 << 20
FEBRUARY = 1_769_904_000_000
"""2026-02-01 00:00 UTC."""


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def keep_gpus(shell: Shell, count: int) -> None:
    """For 2.50 USD an hour since long ago; nobody looked at them."""
    writer = TelemetryWriter.open(shell.state_dir, now_ms=FEBRUARY)
    writer.record(Second(FEBRUARY, known=tuple(known(index) for index in range(count))))
    for index in range(count):
        writer.keep_terms(f"GPU-{index}", terms("2.50"), FEBRUARY - HOUR)
    writer.record(Second(FEBRUARY)).result(30)
    writer.close()


def keep_month(shell: Shell, lanes: int, per_hour: int = 1) -> None:
    """February 2026 with an attempt of every lane in every hour."""
    made = [Lane(*OPENAI)._replace(model=f"model-{number}", key_id=f"k-{number % 5}") for number in range(lanes)]
    places = [(hour, lane) for hour in range(28 * 24) for lane in made for _ in range(per_hour)]
    rows = [
        (lane, attempt(number + 1, 0, FEBRUARY + hour * HOUR + 7, charge=charge(812_000, 1_000, 0, 240_000, 0)))
        for number, (hour, lane) in enumerate(places)
    ]
    keep(shell.state_dir, rows, FEBRUARY + 30 * DAY)


def test_a_month_is_valid_focus_and_its_sums_are_exact(shell: Shell) -> None:
    keep_month(shell, lanes=1)
    keep_gpus(shell, 1)
    said = shell("export", "focus", "--month", "2026-02")
    assert said.code == 0
    rows = rows_of(said.out)
    assert list(broken_columns(list(rows[0]))) == []
    assert tuple(rows[0]) == COLUMNS
    assert [problem for row in rows for problem in broken(row)] == []
    paid = sum(Decimal(row["BilledCost"]) for row in rows if row["ResourceId"] == "")
    rent = sum(Decimal(row["BilledCost"]) for row in rows if row["ResourceId"])
    assert paid == 28 * 24 * Decimal("0.001053")
    assert rent == 28 * 24 * Decimal("2.5")
    assert said.err == "costtui: FOCUS 1.2, 2026-02-01T00:00:00.000Z to 2026-03-01T00:00:00.000Z, hours that are over\n"


def test_the_same_month_is_the_same_bytes_into_a_file_that_only_its_owner_reads(shell: Shell, tmp_path: Path) -> None:
    keep_month(shell, lanes=2)
    keep_gpus(shell, 1)
    first = shell("export", "focus", "--month", "2026-02")
    path = tmp_path / "focus.csv"
    second = shell("export", "focus", "--month", "2026-02", "-o", str(path))
    assert (second.code, second.out) == (0, "")
    assert path.read_text() == first.out
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(tmp_path)) == ["focus.csv", "home"]


def test_a_file_that_cannot_be_written_is_said_and_nothing_is_left(shell: Shell, tmp_path: Path) -> None:
    said = shell("export", "focus", "-o", str(tmp_path / "nowhere" / "focus.csv"))
    assert (said.code, said.out) == (74, "")
    assert "No such file or directory; choose another one with -o" in said.err


def test_what_has_no_price_is_counted_beside_the_file(shell: Shell) -> None:
    row = attempt(1, 0, FEBRUARY + 5, charge=None)
    keep(shell.state_dir, [(OPENAI, row)], FEBRUARY + HOUR)
    said = shell("export", "focus", "--month", "2026-02")
    assert "3 rows have no known cost" in said.err  # fresh, cached and written tokens
    assert {(row["BilledCost"], row["x_CosttuiCost"]) for row in rows_of(said.out)} == {("0", "")}


def test_without_a_ledger_that_is_said_beside_a_file_of_gpus_alone(shell: Shell) -> None:
    keep_gpus(shell, 1)
    said = shell("export", "focus", "--since", "2026-02-02", "--until", "2026-02-03")
    assert "no ledger answers here" in said.err
    assert {row["ResourceId"] for row in rows_of(said.out)} == {"GPU-0"}


def test_since_and_until_cut_at_whole_hours(shell: Shell) -> None:
    keep_month(shell, lanes=1)
    said = shell("export", "focus", "--since", "2026-02-02", "--until", "2026-02-03")
    starts = {row["ChargePeriodStart"] for row in rows_of(said.out)}
    assert starts == {f"2026-02-02T{hour:02d}:00:00Z" for hour in range(24)}


def test_an_hour_that_is_not_over_is_not_in_the_file(shell: Shell) -> None:
    now = now_ms()
    keep(shell.state_dir, [(OPENAI, attempt(1, 0, now - 5)), (OPENAI, attempt(2, 0, now - 2 * HOUR))], now)
    rows = rows_of(shell("export", "focus", "--since", "1d").out)
    assert len({row["ChargePeriodStart"] for row in rows}) == 1


def test_a_hostile_name_is_no_formula_in_any_cell(shell: Shell) -> None:
    lane = Lane("=r", "@t", "=1+1", False, "+cmd|' /C calc'!A0", "chat", "=k", "", "", "=a,b=@c")
    keep(shell.state_dir, [(lane, attempt(1, 0, FEBRUARY + 5))], FEBRUARY + HOUR)
    said = shell("export", "focus", "--month", "2026-02")
    cells = [cell for line in csv.reader(io.StringIO(said.out)) for cell in line]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


def test_a_month_of_hours_needs_less_than_64_mib(shell: Shell) -> None:
    keep_month(shell, lanes=12)
    keep_gpus(shell, 8)
    script = (
        "import sys\nfrom costtui.cli.given import parse\nfrom costtui.cli.export import run\n"
        "run(parse(sys.argv[1:]))\n"
        "high = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "print(high.split()[1], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "export", "focus", "--month", "2026-02"],
        env=shell.environment(),
        capture_output=True,
        timeout=DEADLINE_SECONDS,
        check=True,
    )
    assert done.stdout.count(b"\n") > 28 * 24 * (12 * 3 + 8)
    assert int(done.stderr.split()[-1]) * 1024 < 64 * MIB


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--month", "2025-13"), "--month needs a month"),
        (("--month", "2025-01", "--since", "7d"), "do not go with it"),
        (("--since", "2025-02-01", "--until", "2025-01-01"), "--until is before --since"),
        (("--until", "soon"), "--until needs"),
        (("--raw",), "no option '--raw'"),
        (("-o",), "-o needs a value"),
        (("more",), "unexpected 'more'"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_code_64(shell: Shell, arguments: tuple[str, ...], word: str) -> None:
    said = shell("export", "focus", *arguments)
    assert (said.code, said.out, said.err.count("\n")) == (64, "", 1)
    assert word in said.err


def test_a_bill_is_exported_where_no_gateway_meters_that_provider_and_only_there(shell: Shell) -> None:
    """The ledger meters openai, whose bill would tell the same money again; nobody meters together."""
    keep_month(shell, lanes=1)
    shell.config('[billing]\nopenai = { key = "env:ADMIN", projects = ["p"] }\ntogether = { key = "env:ADMIN" }\n')
    writer = TelemetryWriter.open(shell.state_dir, now_ms=FEBRUARY)
    for provider, usd in (("openai", 99), ("together", 12)):
        line = BilledLine(FEBRUARY + 3 * DAY, FEBRUARY + 4 * DAY, NanoUsd(usd * 1_000_000_000))
        state = FeedState(provider, "costs", FEBRUARY + 5 * DAY, kind="spend", scope="part")
        writer.keep_bill(BillAnswer(provider, "costs", (line,), FEBRUARY + 5 * DAY), state).result(10)
    writer.close()
    said = shell("export", "focus", "--month", "2026-02")
    assert said.code == 0, said.err
    rows = rows_of(said.out)
    assert [problem for row in rows for problem in broken(row)] == []
    assert [(row["ProviderName"], row["BilledCost"]) for row in rows if row["x_CosttuiProvenance"] == "billed"] == [
        ("together", "12")
    ]
    assert sum(Decimal(row["BilledCost"]) for row in rows) == 28 * 24 * Decimal("0.001053") + 12
