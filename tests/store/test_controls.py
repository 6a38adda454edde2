"""controls.db: many writers, a reader that never waits, and files that are not what they should be."""

import os
import sqlite3
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from costtui.domain.control import GatewayKey, Kind, Revision
from costtui.errors import StoreBusy, StoreDamaged, StoreError
from costtui.store import controls_file, controls_writing
from costtui.store.controls import CONTROLS, ControlsStore, KeyNameTaken, Superseded

SHIFT = Revision(0, "chat", 1000, "ana", "night", Kind.SHIFT, (("llama", 90), ("novita", 10)), 9000)


def key(name: str) -> GatewayKey:
    """A key of this name."""
    return GatewayKey(f"k-{name}", name, sha256(name.encode()).digest(), 5, None, "abcd")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlsStore]:
    """A fresh one."""
    with closing(ControlsStore.open(tmp_path)) as opened:
        yield opened


def test_a_revision_comes_back_as_it_was_written(store: ControlsStore) -> None:
    first = store.add_revision(SHIFT)
    drain = store.add_revision(Revision(0, "", 2000, "bob", "", Kind.DRAIN, (("novita", 0),)))
    assert store.state().revisions == (first, drain)
    assert first == replace(SHIFT, revision_id=1)


def test_a_look_says_changed_once_something_was_written_and_until_it_was_read(
    store: ControlsStore, tmp_path: Path
) -> None:
    assert not store.changed()
    with closing(ControlsStore.open(tmp_path)) as other:
        other.add_revision(SHIFT)
    assert store.changed()
    assert store.changed()
    assert len(store.state().revisions) == 1
    assert not store.changed()


def test_whoever_did_not_see_the_last_change_is_refused(store: ControlsStore) -> None:
    first = store.add_revision(SHIFT)
    with pytest.raises(Superseded, match="ana made a shift meanwhile"):
        store.add_revision(replace(SHIFT, actor="bob"))
    second = store.add_revision(replace(SHIFT, actor="bob", parent=first.revision_id))
    assert [each.actor for each in store.state().revisions] == ["ana", "bob"]
    assert second.parent == first.revision_id
    with pytest.raises(Superseded, match="nothing is recorded"):
        store.add_revision(replace(SHIFT, route="other", parent=7))


def test_of_twenty_at_once_who_saw_the_same_one_wins(tmp_path: Path) -> None:
    def attempt(number: int) -> bool:
        with closing(ControlsStore.open(tmp_path)) as mine:
            try:
                mine.add_revision(replace(SHIFT, actor=f"a{number}"))
            except Superseded:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(attempt, range(20)))
    assert won.count(True) == 1
    with closing(ControlsStore.open(tmp_path)) as store:
        assert len(store.state().revisions) == 1


def test_only_the_newest_revisions_of_each_scope_are_read_and_old_drains_are_not_lost(store: ControlsStore) -> None:
    drain = store.add_revision(Revision(0, "", 1, "bob", "", Kind.DRAIN, (("novita", 0),)))
    parent = None
    for _ in range(55):
        parent = store.add_revision(replace(SHIFT, parent=parent)).revision_id
    revisions = store.state().revisions
    assert revisions[0] == drain
    assert len(revisions) == 51
    assert revisions[-1].revision_id == parent


def test_keys_are_kept_as_hashes_and_names_in_use_are_unique(store: ControlsStore) -> None:
    store.add_key(key("team"), "ana")
    with pytest.raises(KeyNameTaken, match="team"):
        store.add_key(replace(key("team"), key_id="k-2", digest=b"x" * 32), "ana")
    store.revoke_key(key("team"), "bob", 70)
    store.revoke_key(key("team"), "eve", 80)
    store.add_key(replace(key("team"), key_id="k-2", digest=b"x" * 32, created_ms=90), "ana")
    assert [(each.key_id, each.revoked_ms) for each in store.state().keys] == [("k-team", 70), ("k-2", None)]


def test_everything_done_is_audited_newest_first(store: ControlsStore) -> None:
    store.add_key(key("team"), "ana")
    store.add_revision(SHIFT)
    store.revoke_key(key("team"), "bob", 70)
    assert [tuple(row) for row in store.audit()] == [
        (70, "bob", "key revoke", "team k-team …abcd", ""),
        (1000, "ana", "shift", "chat llama=90 novita=10", "night"),
        (5, "ana", "key add", "team k-team …abcd", ""),
    ]


@pytest.mark.parametrize("table", ["revisions", "audit"])
def test_what_was_done_cannot_be_changed_or_removed(store: ControlsStore, table: str) -> None:
    store.add_revision(SHIFT)
    with closing(sqlite3.connect(store.path)) as connection:
        for statement in (f"delete from {table}", f"update {table} set actor = 'eve'"):
            with pytest.raises(sqlite3.IntegrityError, match="only added to"):
                connection.execute(statement)


def test_a_writers_moment_is_unchanged_and_its_end_is_seen(store: ControlsStore) -> None:
    store.add_revision(SHIFT)
    before = store.state()
    with closing(sqlite3.connect(store.path, isolation_level=None)) as writer:
        writer.execute("begin exclusive")
        writer.execute("insert into audit (at_ms, actor, action, subject, reason) values (1, 'a', 'b', 'c', 'd')")
        assert not store.changed()
        assert store.state() is before
        assert store.trouble is None
        writer.execute("commit")
    assert store.changed()
    assert store.state() == before
    assert not store.changed()


def test_a_write_that_cannot_get_in_says_who_to_ask(store: ControlsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controls_writing, "WRITE_SECONDS", 0.01)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as writer:
        writer.execute("begin exclusive")
        with pytest.raises(StoreBusy, match="another program holds a lock"):
            store.add_revision(SHIFT)


def test_a_file_that_is_gone_changes_nothing_and_a_new_one_is_followed(store: ControlsStore, tmp_path: Path) -> None:
    store.add_revision(SHIFT)
    before = store.state()
    (tmp_path / CONTROLS).unlink()
    assert not store.changed()
    assert store.state() is before
    with closing(ControlsStore.open(tmp_path)) as anew:
        anew.add_revision(replace(SHIFT, actor="bob"))
    assert store.changed()
    assert [each.actor for each in store.state().revisions] == ["bob"]
    assert not store.changed()


def test_a_file_that_is_damaged_while_it_is_read_keeps_what_was_read_and_says_so(store: ControlsStore) -> None:
    store.add_key(key("team"), "ana")
    before = store.state()
    damaged = store.path.with_suffix(".bad")
    damaged.write_bytes(b"no database at all, " * 100)
    os.replace(damaged, store.path)
    assert store.changed()
    assert store.state() is before
    assert store.trouble is not None
    assert "cannot be read" in store.trouble.reason


def test_a_killed_writers_journal_is_rolled_back_by_the_reader(tmp_path: Path) -> None:
    with closing(ControlsStore.open(tmp_path)) as store:
        store.add_revision(SHIFT)
    program = f"""
        import os, sqlite3
        c = sqlite3.connect({str(tmp_path / CONTROLS)!r}, isolation_level=None)
        c.execute("pragma cache_size = 1"); c.execute("pragma cache_spill = 1"); c.execute("begin immediate")
        for n in range(3000):
            c.execute("insert into audit values (null, 1, '', '', '', ?)", ("x" * 500,))
        os.kill(os.getpid(), 9)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False, timeout=60)
    assert (tmp_path / f"{CONTROLS}-journal").stat().st_size > 0
    with closing(ControlsStore.open(tmp_path)) as store:
        assert [each.route for each in store.state().revisions] == ["chat"]
        assert len(store.audit(5000)) == 1


def test_nobody_else_can_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        ControlsStore.open(tmp_path).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / CONTROLS).stat().st_mode) == 0o600


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / CONTROLS).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError):
        ControlsStore.open(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("statements", "what"),
    [
        (["create table mine (a)"], "another program"),
        (["pragma application_id = 1129272131", "pragma user_version = 3"], "newer"),
    ],
)
def test_a_foreign_or_newer_file_is_refused_untouched(tmp_path: Path, statements: list[str], what: str) -> None:
    path = tmp_path / CONTROLS
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    body = path.read_bytes()
    with pytest.raises(StoreDamaged, match=what):
        ControlsStore.open(tmp_path)
    assert path.read_bytes() == body


def test_garbage_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / CONTROLS).write_bytes(b"garbage " * 1000)
    with pytest.raises(StoreDamaged, match="move it away"):
        ControlsStore.open(tmp_path)


def test_only_the_first_look_may_wait_for_a_writer(store: ControlsStore) -> None:
    reading = store._reading
    assert reading is not None
    assert reading.execute("pragma busy_timeout").fetchone()[0] == 0
    assert reading.execute("pragma query_only").fetchone()[0] == 1


def test_a_file_from_before_budgets_could_be_changed_keeps_its_revisions_and_takes_budgets(tmp_path: Path) -> None:
    path = tmp_path / CONTROLS
    old = [statement.replace("'budget', ", "") for statement in controls_file.SHAPE]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in (*old, "pragma application_id = 1129272131", "pragma user_version = 1"):
            connection.execute(statement)
        for parent in ("null", "1"):
            connection.execute(
                "insert into revisions (route, target, at_ms, actor, reason, kind, weights, until_ms, parent)"
                f" values ('chat', '', 5, 'ann', 'why', 'shift', '[[\"llama\", 9]]', null, {parent})"
            )
    with closing(ControlsStore.open(tmp_path)) as store:
        before = store.state().revisions
        assert [(each.revision_id, each.parent, each.weights) for each in before] == [
            (1, None, (("llama", 9),)),
            (2, 1, (("llama", 9),)),
        ]
        made = store.add_revision(
            Revision(9, "", 7, "bob", "", Kind.BUDGET, (("budget:day", 2_000_000_000),), None, None)
        )
        assert made.revision_id == 3
        assert store.state().revisions[-1] == made
        assert (made.budget, made.subject) == ("day", "budget day")
    with closing(sqlite3.connect(path)) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="only added to"):
            connection.execute("delete from revisions")
        assert connection.execute("pragma foreign_key_check").fetchall() == []
