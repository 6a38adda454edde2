"""The shape of telemetry.db: an append-only list of steps, each one transaction."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from costtui.errors import StoreDamaged
from costtui.store import bill_tables, endpoints, holders

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = 0x434F5354
"""`COST`: a database of another program is not touched."""

# Bucket first: what one second writes then lies on few pages of each table instead of one page a GPU: 68 KiB/s to the
# journal instead of 145 with 8 GPUs and 3 engines.
_GPU_ROW = """
create table gpu_{grain} (
  gpu integer not null, bucket integer not null,
  busy_ms integer not null, low_ms integer not null, idle_loaded_ms integer not null, empty_ms integer not null,
  other_ms integer not null, lost_ms integer not null, unknown_ms integer not null,
  utilization_ms integer not null, utilization_sum integer not null,
  power_ms integer not null, power_sum integer not null,
  energy_mj integer not null check (energy_mj >= 0), energy_ms integer not null, energy_estimated_ms integer not null,
  memory_bytes integer, temperature_celsius integer,
  primary key (bucket, gpu)
) strict, without rowid
"""
_ENGINE_ROW = """
create table engine_{grain} (
  engine integer not null, bucket integer not null,
  observed_ms integer not null, worked_ms integer not null,
  input_tokens integer not null check (input_tokens >= 0), output_tokens integer not null check (output_tokens >= 0),
  cached_input_tokens integer not null,
  gap_input_tokens integer not null, gap_output_tokens integer not null, gap_cached_input_tokens integer not null,
  prefix_cache_queries integer not null, prefix_cache_hits integer not null,
  running_max integer, waiting_max integer, kv_usage_max real,
  primary key (bucket, engine)
) strict, without rowid
"""
_PEAKS = ("memory_bytes", "temperature_celsius", "running_max", "waiting_max", "kv_usage_max")
_SINGLE = (
    "create table gpus (id integer primary key, uuid text not null unique, gpu_index integer not null,"
    " name text not null, first_seen_ms integer not null, last_seen_ms integer not null, state text not null,"
    " state_since_ms integer not null) strict",
    "create table engines (id integer primary key, name text not null unique, cursor text) strict",
    "create table status (id integer primary key check (id = 1), at_ms integer not null, pid integer not null,"
    " body blob not null) strict",
    "create table terms (uuid text not null, recorded_ms integer not null, body text not null,"
    " primary key (uuid, recorded_ms)) strict, without rowid",
    "create table adjustments (id integer primary key, uuid text not null, at_ms integer not null,"
    " nano_usd integer not null, reason text not null) strict",
    "create table sessions (boot_id text primary key, boot_ms integer not null,"
    " last_heartbeat_ms integer not null) strict",
    "create table alerts (key text primary key, level text not null, text text not null,"
    " started_ms integer not null, clear_since_ms integer) strict",
    "create table events (id integer primary key, at_ms integer not null, level text not null,"
    " text text not null) strict",
)


def m001_seconds_minutes_quarters(db: "Database") -> None:
    """Wide rows per GPU and engine in three grains, and what has one row each."""
    for grain in ("1s", "1m", "15m"):
        db.execute(_GPU_ROW.format(grain=grain))
        db.execute(_ENGINE_ROW.format(grain=grain))
    for statement in _SINGLE:
        db.execute(statement)
    db.execute(f"pragma application_id = {APPLICATION_ID}")


def m002_ledger_heads(db: "Database") -> None:
    """Where the ledger's chain stood, one head for every ten minutes."""
    db.execute(
        "create table ledger_heads (slot integer primary key, seq integer not null, hash blob not null,"
        " at_ms integer not null) strict"
    )


def m003_balancer_acks(db: "Database") -> None:
    """What load balancers were told and what was read back."""
    db.execute(
        "create table balancer_acks (id integer primary key, balancer text not null, at_ms integer not null,"
        " state text not null, revision integer, body text not null) strict"
    )


def m004_holders(db: "Database") -> None:
    """Who held each GPU, by quarters of an hour."""
    for statement in holders.SCHEMA:
        db.execute(statement)


def m005_bills(db: "Database") -> None:
    """What providers say that it cost."""
    for statement in bill_tables.SCHEMA:
        db.execute(statement)


def m006_endpoint_acks(db: "Database") -> None:
    """What became of orders to endpoints."""
    db.execute(endpoints.ACKS)


def m007_hours(db: "Database") -> None:
    """A fourth grain, made of the quarters that are there: half a second for a year of eight GPUs."""
    _coarser(db, "1h", "15m", 4)


def m008_days(db: "Database") -> None:
    """A fifth, made of the hours."""
    _coarser(db, "1d", "1h", 24)


def _coarser(db: "Database", grain: str, finer: str, times: int) -> None:
    for owner, row in (("gpu", _GPU_ROW), ("engine", _ENGINE_ROW)):
        db.execute(row.format(grain=grain))
        names = [column[1] for column in db.execute(f"pragma table_info({owner}_{grain})").fetchall()][2:]
        sums = ", ".join(f"max({name})" if name in _PEAKS else f"sum({name})" for name in names)
        db.execute(
            f"insert into {owner}_{grain} select {owner}, bucket / {times}, {sums} from {owner}_{finer}"  # noqa: S608
            f" group by bucket / {times}, {owner}"
        )


STEPS: Sequence[Callable[["Database"], None]] = (
    m001_seconds_minutes_quarters,
    m002_ledger_heads,
    m003_balancer_acks,
    m004_holders,
    m005_bills,
    m006_endpoint_acks,
    m007_hours,
    m008_days,
)
VERSION = len(STEPS)


def migrate(db: "Database", steps: Sequence[Callable[["Database"], None]] = STEPS) -> None:
    """Bring the database to the newest shape; each step is all or nothing. A newer one is refused."""
    version = db.execute("pragma user_version").fetchone()[0]
    if version > len(steps):
        raise StoreDamaged(
            f"telemetry.db has version {version}, this costtui knows {len(steps)}: it was written by a newer one;"
            " upgrade costtui, or use another --state-dir"
        )
    for number, step in enumerate(steps[version:], version + 1):
        db.execute("begin immediate")
        try:
            step(db)
            db.execute(f"pragma user_version = {number}")
        except BaseException:
            db.execute("rollback")
            raise
        db.execute("commit")
