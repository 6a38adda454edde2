"""`costtui export` as a user runs it."""

import csv
import io
import json
import subprocess
from decimal import Decimal

from costtui.domain.attempt import Lane
from tests.cli.clock import now_ms
from tests.cli.ledger import OPENAI, charge, keep, keep_four
from tests.cli.shell import DEADLINE_SECONDS, Shell
from tests.store.ledger.made import attempt

HOUR_MS = 3_600_000


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_attempt_is_exported_with_its_exact_charge_and_its_provenance(shell: Shell) -> None:
    keep_four(shell.state_dir, now_ms())
    rows = rows_of(shell("export", "csv", "--raw").out)
    assert [(row["attempt_id"], row["usd"], row["provenance"]) for row in rows] == [
        ("4", "0.000000042", "accrued"),
        ("3", "", "unknown"),
        ("2", "0.749999999", "metered"),
        ("1", "1.250000001", "metered"),
    ]
    assert [row["flat_usd"] for row in rows] == ["0.000000042", "", "0", "0"]


def test_json_is_one_object_a_line_with_null_for_what_is_unknown(shell: Shell) -> None:
    keep_four(shell.state_dir, now_ms())
    lines = shell("export", "json", "--raw").out.splitlines()
    found = [json.loads(line, parse_float=Decimal) for line in lines]
    assert [row["usd"] for row in found] == [Decimal("4.2E-8"), None, Decimal("0.749999999"), Decimal("1.250000001")]


def test_hours_sum_to_what_the_attempts_do(shell: Shell) -> None:
    now = now_ms()
    made = [attempt(n, 0, now - n * HOUR_MS // 7, charge=charge(n, 0, 0, 3, 0)) for n in range(400, 0, -1)]
    keep(shell.state_dir, [(OPENAI, row) for row in made], now)
    hours = rows_of(shell("export", "csv").out)
    assert [row["hour"] for row in hours] == sorted({row["hour"] for row in hours})
    assert sum(Decimal(row["usd"]) for row in hours) == Decimal(sum(range(401)) + 1_200).scaleb(-9)
    assert sum(int(row["requests"]) for row in hours) == 400


def test_what_ended_before_is_left_out(shell: Shell) -> None:
    now = now_ms()
    early, late = attempt(1, 0, now - 3 * HOUR_MS), attempt(2, 0, now - HOUR_MS)
    long = attempt(3, 0, now - HOUR_MS, started_ms=now - 3 * HOUR_MS, duration_ms=2 * HOUR_MS)
    keep(shell.state_dir, [(OPENAI, early), (OPENAI, late), (OPENAI, long)], now)
    found = rows_of(shell("export", "csv", "--raw", "--since", "2h").out)
    assert [row["attempt_id"] for row in found] == ["3", "2"]


def test_no_cell_of_a_hostile_name_is_a_formula(shell: Shell) -> None:
    now = now_ms()
    hostile = Lane("=1+1", '@SUM(A1)"', "+cmd|' /C calc'!A0", False, "-2+3", "chat", "=k", "\t=x", "h")
    row = attempt(1, 0, now, reason='=HYPERLINK("http://x")\n=2', user_id="@u")
    keep(shell.state_dir, [(hostile, row)], now)
    for command in (("export", "csv", "--raw"), ("export", "csv"), ("report", "--csv", "--by", "route,target,model")):
        cells = [cell for line in csv.reader(io.StringIO(shell(*command).out)) for cell in line]
        assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]
    assert '"route":"=1+1"' in shell("export", "json").out


def test_a_reader_that_has_seen_enough_ends_the_export_quietly(shell: Shell) -> None:
    now = now_ms()
    keep(shell.state_dir, [(OPENAI, attempt(n, 0, now - n)) for n in range(1, 3_000)], now)
    with subprocess.Popen(
        shell.argv("export", "json", "--raw"),
        env=shell.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert json.loads(child.stdout.readline())["attempt_id"] == 2_999
        child.stdout.close()
        assert child.wait(DEADLINE_SECONDS) == 141
        assert child.stderr.read() == b""


def test_prometheus_text_says_what_the_exporter_would(shell: Shell) -> None:
    keep_four(shell.state_dir, now_ms())
    said = shell("export", "prometheus")
    assert said.code == 0
    assert 'costtui_target="novita"' in said.out
    assert "costtui_agent_up 0.0" in said.out
    assert shell("export", "prometheus", "--raw").code == 64


def test_an_export_names_its_format(shell: Shell) -> None:
    said = shell("export")
    assert (said.code, said.err) == (64, "costtui: export: say csv, json, prometheus or focus\n")


def test_report_and_export_import_neither_a_screen_nor_an_http_client(shell: Shell) -> None:
    script = (
        "import sys\nimport costtui.cli.report, costtui.cli.export\n"
        "bad = {'textual', 'rich', 'httpx', 'asyncio', 'prometheus_client'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(bad)) or 0)\n"
    )
    done = subprocess.run([shell.argv()[0], "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
