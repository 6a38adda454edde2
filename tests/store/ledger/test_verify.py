"""Whatever is done to a ledger behind costtui's back is found. COSTTUI_ROUNDS raises how often it is tried."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from costtui.errors import StoreBusy, StoreError
from costtui.store.ledger.anchors import ANCHORS, read_head
from costtui.store.ledger.backup import backup
from costtui.store.ledger.chain import NOTHING, link_hash
from costtui.store.ledger.months import sealed_files
from costtui.store.ledger.purge import purge
from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.record import encode
from costtui.store.ledger.schema import LEDGER, guards, lift_guards
from costtui.store.ledger.seal import NEXT, finish_sealing, month_is_over, seal
from costtui.store.ledger.stored import SPELT, attempt_of
from costtui.store.ledger.verify import verify
from costtui.store.writer import TelemetryWriter
from tests.store.ledger.made import LANES, NOON_MS, any_attempt, attempt, begin, written

ROUNDS = int(os.environ.get("COSTTUI_ROUNDS", "5"))
DAY_MS = 86_400_000
Edit = Callable[[sqlite3.Connection, Random], None]
SAID = (
    *(f"select * from {table}" for table in ("attempt", "lanes", "texts", "link", "spend_1m")),
    "select seq, hash from origin",
)
"""Everything but when and why a chain was begun: those are remarks for people."""


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Sixty attempts in six group commits, anchored."""
    dice, state_dir = Random(3), tmp_path / "state"
    writer = begin(state_dir)
    numbers = [writer.lane(lane) for lane in LANES]
    for number in range(1, 61):
        writer.settle(any_attempt(number, numbers[number % 5], NOON_MS + number, dice))
        if number % 10 == 0:
            assert writer.committed()
    writer.close()
    return state_dir


@contextlib.contextmanager
def opened(state_dir: Path):  # type: ignore[no-untyped-def]  # a connection without guards
    """Edit as somebody with the file and an SQL shell would."""
    with contextlib.closing(sqlite3.connect(state_dir / LEDGER)) as connection:
        lift_guards(connection)
        yield connection
        for guard in guards():
            connection.execute(guard)
        connection.commit()


def change_a_figure(connection: sqlite3.Connection, dice: Random) -> None:
    column = dice.choice(
        ["input_nano", "output_tokens", "duration_ms", "status", "outcome", "provenance", "request_id"]
    )
    connection.execute(
        f"update attempt set {column} = coalesce({column}, 0) + 1 where seq = ?", (dice.randrange(1, 61),)
    )


def change_a_text(connection: sqlite3.Connection, dice: Random) -> None:
    connection.execute("update texts set text = text || 'x' where id = ?", (dice.randrange(1, 4),))


def change_a_lane(connection: sqlite3.Connection, dice: Random) -> None:
    column = dice.choice(["provider", "model", "key_id", "prices_hash"])
    connection.execute(f"update lanes set {column} = {column} || 'x' where id = ?", (dice.randrange(1, 6),))


def move_to_another_lane(connection: sqlite3.Connection, dice: Random) -> None:
    connection.execute("update attempt set lane = lane % 5 + 1 where seq = ?", (dice.randrange(1, 61),))


def remove_a_row(connection: sqlite3.Connection, dice: Random) -> None:
    connection.execute("delete from attempt where seq = ?", (dice.randrange(1, 61),))


def swap_two_rows(connection: sqlite3.Connection, dice: Random) -> None:
    one, other = dice.sample(range(1, 61), 2)
    connection.execute("update attempt set seq = 999 where seq = ?", (one,))
    connection.execute("update attempt set seq = ? where seq = ?", (one, other))
    connection.execute("update attempt set seq = ? where seq = 999", (other,))


def cut_the_tail(connection: sqlite3.Connection, dice: Random) -> None:
    (first,) = dice.choice(connection.execute("select first_seq from link").fetchall())
    connection.execute("delete from attempt where seq >= ?", (first,))
    connection.execute("delete from link where first_seq >= ?", (first,))


def cut_the_beginning(connection: sqlite3.Connection, dice: Random) -> None:
    first, count, digest = connection.execute("select * from link order by first_seq").fetchone()
    connection.execute("delete from attempt where seq < ?", (first + count,))
    connection.execute("delete from link where first_seq = ?", (first,))
    connection.execute("insert into origin values (?, ?, 0, 'purged')", (first + count - 1, digest))


def add_a_row(connection: sqlite3.Connection, dice: Random) -> None:
    connection.execute("create temp table copied as select * from attempt where seq = 5")
    connection.execute("update copied set seq = 61, attempt_id = 999")
    connection.execute("insert into attempt select * from copied")


def change_a_link(connection: sqlite3.Connection, dice: Random) -> None:
    connection.execute("update link set hash = ? where first_seq = 1", (dice.randbytes(32),))


def change_a_sum(connection: sqlite3.Connection, dice: Random) -> None:
    connection.execute("update spend_1m set input_nano = input_nano + 1")


def rewrite_from_a_row(connection: sqlite3.Connection, dice: Random) -> None:
    """Change one row and make every link anew, as somebody would who knows how."""
    connection.execute("update attempt set output_tokens = output_tokens + 1 where seq = ?", (dice.randrange(1, 61),))
    before = NOTHING
    lanes = connection.execute(
        "select link, number, route, target, provider, self_hosted, model, operation, key_id, price_model, prices_hash"
        " from lanes order by id"
    ).fetchall()
    for first, count in connection.execute("select first_seq, count from link order by first_seq").fetchall():
        rows = connection.execute(
            f"select {SPELT} from attempt join lanes on lanes.id = attempt.lane where seq between ? and ? order by seq",
            (first, first + count - 1),
        ).fetchall()
        new = [encode((row[1], (*row[2:5], bool(row[5]), *row[6:]))) for row in lanes if row[0] == first]
        before = link_hash(before, first, count, new, [encode(attempt_of(row)) for row in rows])
        connection.execute("update link set hash = ? where first_seq = ?", (before, first))


EDITS: tuple[Edit, ...] = (
    *(change_a_figure, change_a_text, change_a_lane, move_to_another_lane, remove_a_row, swap_two_rows),
    *(cut_the_tail, cut_the_beginning, add_a_row, change_a_link, change_a_sum, rewrite_from_a_row),
)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_by_hand_is_found(ledger: Path, edit: Edit) -> None:
    assert verify(ledger) == []
    kept = ledger.with_name("kept")
    shutil.copytree(ledger, kept)
    for round_ in range(max(1, ROUNDS // 5)):
        shutil.copy(kept / LEDGER, ledger / LEDGER)
        with opened(ledger) as connection:
            edit(connection, Random(round_))
        assert verify(ledger), f"{edit.__name__}, seed {round_}"


def said(state_dir: Path) -> list[object]:
    """Everything that the ledger says, or that it cannot be read."""
    try:
        with contextlib.closing(sqlite3.connect(state_dir / LEDGER)) as connection:
            return [connection.execute(query).fetchall() for query in SAID]
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
        return [str(error)]


def test_a_flipped_bit_that_changes_what_the_ledger_says_is_found(ledger: Path) -> None:
    whole, before, changed = (ledger / LEDGER).read_bytes(), said(ledger), 0
    for seed in range(12 * ROUNDS):
        dice, data = Random(seed), bytearray(whole)
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        (ledger / LEDGER).write_bytes(data)
        if said(ledger) != before:
            changed += 1
            assert verify(ledger), f"seed {seed}"
    assert changed


def test_an_old_copy_that_is_put_back_is_found_also_once_it_has_grown(ledger: Path) -> None:
    shutil.copy(ledger / LEDGER, ledger / "old")
    written(ledger, [attempt(number, 0) for number in range(100, 120)])
    assert verify(ledger) == []
    shutil.copy(ledger / "old", ledger / LEDGER)
    assert "old copy" in verify(ledger)[0].text
    written(ledger, [attempt(number, 0) for number in range(200, 240)])
    assert any("written anew" in finding.text for finding in verify(ledger))


def witness(state_dir: Path) -> None:
    """As the agent does each minute."""
    head = read_head(state_dir)
    assert head is not None
    writer = TelemetryWriter.open(state_dir, now_ms=head.at_ms)
    try:
        writer.keep_ledger_head(head).result(10)
    finally:
        writer.close()


@pytest.mark.parametrize("grown", [0, 60])
def test_an_old_copy_that_is_put_back_with_its_anchors_is_found_by_what_the_agent_saw(ledger: Path, grown: int) -> None:
    """Also once it has grown beyond the row that the agent saw last."""
    copies = {name: (ledger / name).read_bytes() for name in (LEDGER, ANCHORS)}
    written(ledger, [attempt(number, 0) for number in range(100, 130)])
    witness(ledger)
    assert verify(ledger) == []
    for name, content in copies.items():
        (ledger / name).write_bytes(content)
    witness(ledger)  # what the agent sees then is further back, and takes nothing away
    if grown:
        written(ledger, [attempt(number, 0) for number in range(200, 200 + grown)])
    assert [finding for finding in verify(ledger) if finding.file in (LEDGER, ANCHORS)]


def test_old_attempts_leave_their_sums_stay_and_the_chain_holds(ledger: Path) -> None:
    written(ledger, [attempt(number, 0, NOON_MS + 40 * DAY_MS) for number in range(100, 120)])
    reader = LedgerReader(ledger)
    before = reader.spend(0, 1 << 50, ("provider",))
    assert purge(ledger, NOON_MS + DAY_MS, NOON_MS + 41 * DAY_MS) == 60
    assert verify(ledger) == []
    assert reader.spend(0, 1 << 50, ("provider",)) == before
    assert len(reader.recent(1_000)) == 20
    reader.close()
    written(ledger, [attempt(200, 0, NOON_MS + 40 * DAY_MS)])
    assert verify(ledger) == []


def test_pseudonyms_leave_with_the_last_attempt_that_has_them(ledger: Path) -> None:
    later = NOON_MS + 40 * DAY_MS
    written(ledger, [attempt(100, 0, later, user_id="u_stays", reason="stays"), attempt(101, 0, later, user_id="")])
    purge(ledger, NOON_MS + DAY_MS, later)
    with contextlib.closing(sqlite3.connect(ledger / LEDGER)) as connection:
        texts = {row[0] for row in connection.execute("select text from texts")}
    assert texts == {"u_stays", "stays", "weighted: 70 % of chat"}
    written(ledger, [attempt(102, 0, later, user_id="u_new")])
    assert verify(ledger) == []


def test_nothing_is_purged_under_a_running_gateway(ledger: Path) -> None:
    writer = begin(ledger)
    with pytest.raises(StoreBusy):
        purge(ledger, NOON_MS, NOON_MS)
    writer.close()


def sealed(state_dir: Path, now_ms: int) -> None:
    connection = sqlite3.connect(state_dir / LEDGER, isolation_level=None)
    assert month_is_over(connection, now_ms)
    seal(connection, state_dir, now_ms).close()


def test_what_the_agent_saw_raises_no_alarm_over_months_that_were_sealed_or_purged(ledger: Path) -> None:
    witness(ledger)
    later = NOON_MS + 20 * DAY_MS
    sealed(ledger, later)
    written(ledger, [attempt(number, 2, later) for number in range(100, 130)])
    witness(ledger)
    assert verify(ledger) == []
    purge(ledger, NOON_MS + DAY_MS, later + DAY_MS)
    written(ledger, [attempt(300, 2, later)])
    assert verify(ledger) == []


def test_a_month_is_sealed_with_its_head_carried_over_and_every_question_answered_as_before(ledger: Path) -> None:
    reader = LedgerReader(ledger)
    questions = [(0, 1 << 50), (NOON_MS - 7, NOON_MS + 33), (NOON_MS + 11, NOON_MS + 60_001)]
    before = [reader.spend(*span, ("route", "provenance")) for span in questions]
    recent = reader.recent(100)
    later = NOON_MS + 20 * DAY_MS
    sealed(ledger, later)
    assert [path.name for path in sealed_files(ledger)] == ["ledger-2026-11.db"]
    assert (ledger / "ledger-2026-11.db").stat().st_mode & 0o777 == 0o400
    assert verify(ledger) == []
    assert [reader.spend(*span, ("route", "provenance")) for span in questions] == before
    assert reader.recent(100) == recent
    written(ledger, [attempt(number, 2, later) for number in range(100, 130)])
    assert verify(ledger) == []
    assert len(reader.recent(100)) == 90
    reader.close()
    (ledger / "ledger-2026-11.db").rename(ledger / "elsewhere.db")
    assert "missing" in verify(ledger)[0].text
    (ledger / "elsewhere.db").rename(ledger / "ledger-2026-11.db")
    assert purge(ledger, later - DAY_MS, later) == 60
    assert sealed_files(ledger) == []
    assert verify(ledger) == []


def test_sealing_that_was_cut_off_is_finished_at_the_next_start(ledger: Path) -> None:
    later = NOON_MS + 20 * DAY_MS
    sealed(ledger, later)
    (ledger / LEDGER).rename(ledger / NEXT)
    written(ledger, [attempt(100, 2, later)], later)
    assert verify(ledger) == []
    (ledger / NEXT).write_bytes(b"begun")
    finish_sealing(ledger)
    assert not (ledger / NEXT).exists()
    assert verify(ledger) == []


def test_a_backup_under_load_is_whole(ledger: Path, tmp_path: Path) -> None:
    writer = begin(ledger)
    lane = writer.lane(LANES[0])
    for round_ in range(ROUNDS):
        for _ in range(300):
            writer.settle(attempt(writer.new_attempt_id(), lane))
        place = tmp_path / f"copy-{round_}"
        place.mkdir()
        head = backup(ledger, place / LEDGER)
        assert verify(place) == []
        assert head.seq >= 60
    with pytest.raises(StoreError, match="not there yet"):
        backup(ledger, tmp_path / "copy-0" / LEDGER)
    writer.close()
