"""Leases: on the disk before anybody is told so, in an order that nobody can change unseen."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from costtui.domain.money import NanoUsd
from costtui.store.ledger.leases import Lease, last_lease
from costtui.store.ledger.schema import LEDGER, guards
from costtui.store.ledger.verify import verify
from costtui.store.ledger.writer import LedgerWriter
from tests.store.ledger.made import NOON_MS, attempt, begin, written
from tests.store.ledger.test_verify import sealed

DAY_MS = 86_400_000


def lease(granted: int, *, budget: str = "team", starts_ms: int = NOON_MS, ends_ms: int = NOON_MS + DAY_MS) -> Lease:
    """As a running gateway asks for it."""
    return Lease(budget, starts_ms, ends_ms, NanoUsd(granted), NanoUsd(1), NanoUsd(2), False, 7, "boot", NOON_MS + 1)


def asked(writer: LedgerWriter, *leases: Lease) -> bool:
    """What the writer says to them."""
    said: list[bool] = []
    there = threading.Event()

    def told(done: bool) -> None:
        said.append(done)
        there.set()

    writer.lease(leases, told)
    assert there.wait(10)
    return said[0]


def test_the_last_lease_of_a_budget_and_window_holds(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    assert asked(writer, lease(10), lease(20, budget="other"))
    assert asked(writer, lease(30), lease(5, starts_ms=NOON_MS + DAY_MS))
    assert last_lease(tmp_path, "team", NOON_MS) == lease(30), "it is read as soon as it is said, by anybody"
    assert last_lease(tmp_path, "other", NOON_MS) == lease(20, budget="other")
    assert last_lease(tmp_path, "nobody", NOON_MS) is None
    writer.close()
    assert verify(tmp_path) == []
    assert last_lease(tmp_path / "elsewhere", "team", NOON_MS) is None


def test_a_detached_writer_grants_nothing(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    writer.detach()
    assert not asked(writer, lease(10))
    writer.attach()
    assert asked(writer, lease(20))
    writer.close()


def test_a_ledger_that_cannot_be_written_grants_nothing_and_says_why(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    with closing(sqlite3.connect(tmp_path / LEDGER, isolation_level=None)) as other:
        other.execute("begin exclusive")
        assert not asked(writer, lease(10))
        assert writer.trouble is not None
    assert asked(writer, lease(10))
    writer.close()


@pytest.mark.parametrize(
    "edit",
    [
        "update lease set granted_nano = 99 where seq = 2",
        "update lease set closed = 1 where seq = 3",
        "delete from lease where seq = 2",
        "delete from lease where seq = 1",
    ],
)
def test_a_lease_that_is_changed_or_taken_away_is_found(tmp_path: Path, edit: str) -> None:
    writer = begin(tmp_path)
    assert asked(writer, lease(10), lease(20), lease(30))
    writer.close()
    with closing(sqlite3.connect(tmp_path / LEDGER, isolation_level=None)) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(edit)
        for verb in ("update", "delete"):
            connection.execute(f"drop trigger lease_no_{verb}")
        connection.execute(edit)
        for guard in guards(("lease",)):
            connection.execute(guard)
    assert "lease" in " ".join(finding.text for finding in verify(tmp_path))


def test_leases_of_windows_that_run_go_on_into_the_next_month(tmp_path: Path) -> None:
    later = NOON_MS + 10 * DAY_MS
    written(tmp_path, [attempt(1)])
    writer = begin(tmp_path)
    ended, running = lease(10), lease(30, budget="year", ends_ms=NOON_MS + 300 * DAY_MS)
    assert asked(writer, running, ended, running._replace(granted_nano=NanoUsd(40)))
    writer.close()
    sealed(tmp_path, later)
    assert last_lease(tmp_path, "team", NOON_MS) is None
    assert last_lease(tmp_path, "year", NOON_MS) == running._replace(granted_nano=NanoUsd(40))
    writer = begin(tmp_path, later)
    assert asked(writer, running._replace(granted_nano=NanoUsd(50), at_ms=later + 1))
    writer.close()
    assert verify(tmp_path) == []
