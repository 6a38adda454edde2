"""The shape of ledger.db: what was written is never changed; sums over it may be made anew."""

import sqlite3
from collections.abc import Callable, Sequence

from costtui.domain.amount import Provenance
from costtui.domain.attempt import Outcome
from costtui.domain.usage import UsageSource
from costtui.errors import StoreDamaged

LEDGER = "ledger.db"
APPLICATION_ID = 0x434F534C
"""`COSL`."""
OUTCOMES = (
    *(Outcome.OK, Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.CUT, Outcome.CANCELLED, Outcome.CACHED, Outcome.LOST),
)
"""By the number they are stored as; new ones are added at the end. So are the next two."""
SOURCES = (UsageSource.NONE, UsageSource.REPORTED, UsageSource.ESTIMATED)
PROVENANCES = (
    *(Provenance.METERED, Provenance.ESTIMATED, Provenance.BILLED),
    *(Provenance.ACCRUED, Provenance.FREE, Provenance.UNKNOWN),
)
FAILED = tuple(OUTCOMES.index(each) for each in (Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.CUT, Outcome.LOST))
COLUMNS = (
    *("seq", "attempt_id", "request_id", "lane", "started_ms", "duration_ms", "ttft_ms", "outcome", "status", "flags"),
    *("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "cache_write_1h_tokens"),
    *("reasoning_tokens", "input_audio_tokens", "output_audio_tokens", "images", "web_searches"),
    *("service_tier", "reported_nano", "usage_source"),
    *("input_nano", "cached_input_nano", "cache_write_nano", "output_nano", "flat_nano"),
    *("provenance", "saved_nano", "user_id", "reason"),
)
"""Of `attempt`; wide rows of small integers. `flags`: 1 stream, 2 disputed. Repeated texts are numbers of `texts`."""
_NULLABLE = frozenset(
    {"ttft_ms", "reported_nano", "saved_nano"}
    | {"input_nano", "cached_input_nano", "cache_write_nano", "output_nano", "flat_nano"}
)
SUMS = (
    *("requests", "attempts", "failed", "unpriced", "estimated"),
    *("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens"),
    *("input_nano", "cached_input_nano", "cache_write_nano", "output_nano", "flat_nano", "saved_nano", "cache_hits"),
)
"""What a rollup adds up."""


def _attempt_columns() -> str:
    own = {"seq": "integer primary key", "attempt_id": "integer not null unique"}
    return ", ".join(
        f"{name} {own.get(name, 'integer' if name in _NULLABLE else 'integer not null')}" for name in COLUMNS
    )


_KEPT = (
    f"create table attempt ({_attempt_columns()}) strict",
    "create table lanes (id integer primary key, number integer not null unique, link integer not null,"
    " route text not null, target text not null, provider text not null, self_hosted integer not null,"
    " model text not null, operation text not null, key_id text not null, price_model text not null,"
    " prices_hash text not null) strict",
    "create table texts (id integer primary key, text text not null unique) strict",
    # One row a group commit: its rows are first_seq .. first_seq + count - 1.
    "create table link (first_seq integer primary key, count integer not null, hash blob not null) strict",
    # Where the chain of this file begins: the last row that is elsewhere or gone, its link's hash, and why.
    "create table origin (seq integer primary key, hash blob not null, at_ms integer not null, why text not null)"
    " strict",
)
GUARDED = ("attempt", "lanes", "texts", "link", "origin")


def guards(tables: Sequence[str] = GUARDED) -> list[str]:
    """What makes the tables append-only."""
    return [
        f"create trigger {table}_no_{verb} before {verb} on {table} begin"
        f" select raise(abort, 'the ledger is append-only'); end"
        for table in tables
        for verb in ("update", "delete")
    ]


def lift_guards(connection: sqlite3.Connection) -> None:
    """Within a transaction that ends by putting `guards` back."""
    for table in GUARDED:
        for verb in ("update", "delete"):
            connection.execute(f"drop trigger {table}_no_{verb}")


def m001_attempts(connection: sqlite3.Connection) -> None:
    """The ledger, its guards, its sums in four grains."""
    for statement in (*_KEPT, *guards()):
        connection.execute(statement)
    sums = ", ".join(f"{name} integer not null" for name in SUMS)
    for grain in ("1m", "15m", "1h", "1d"):
        connection.execute(
            f"create table spend_{grain} (bucket integer not null, lane integer not null, provenance integer not null,"
            f" {sums}, first_seq integer not null, last_seq integer not null,"
            " primary key (bucket, lane, provenance)) strict, without rowid"
        )
    connection.execute("create table closed (grain text primary key, until_ms integer not null) strict")
    connection.execute(f"pragma application_id = {APPLICATION_ID}")


def m002_leases(connection: sqlite3.Connection) -> None:
    """Leases of budgets, with a chain of their own."""
    connection.execute(
        "create table lease (seq integer primary key, budget text not null, starts_ms integer not null,"
        " ends_ms integer not null, granted_nano integer not null, settled_nano integer not null,"
        " counted_nano integer not null, closed integer not null, epoch integer not null, boot text not null,"
        " at_ms integer not null, before blob not null, hash blob not null) strict"
    )
    connection.execute("create index lease_by_window on lease (budget, starts_ms, seq)")
    for guard in guards(("lease",)):
        connection.execute(guard)


def m003_tags(connection: sqlite3.Connection) -> None:
    """What callers call their requests."""
    connection.execute("alter table lanes add column tag text not null default ''")


STEPS: Sequence[Callable[[sqlite3.Connection], None]] = (m001_attempts, m002_leases, m003_tags)


def migrate(connection: sqlite3.Connection, steps: Sequence[Callable[[sqlite3.Connection], None]] = STEPS) -> None:
    """Bring the ledger to the newest shape; each step is all or nothing. A newer one is refused."""
    version = connection.execute("pragma user_version").fetchone()[0]
    if version > len(steps):
        raise StoreDamaged(
            f"{LEDGER} has version {version}, this costtui knows {len(steps)}: it was written by a newer one;"
            " upgrade costtui, or use another --state-dir"
        )
    for number, step in enumerate(steps[version:], version + 1):
        connection.execute("begin immediate")
        try:
            step(connection)
            connection.execute(f"pragma user_version = {number}")
        except BaseException:
            connection.execute("rollback")
            raise
        connection.execute("commit")
