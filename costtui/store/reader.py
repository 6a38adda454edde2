"""What any face asks of telemetry.db: read-only, every query named for its question, no cursor left open.

Only sqlite3, json and domain values are imported, so that a one-shot command stays cheap.
"""

import contextlib
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from costtui.domain.alert import OpenAlert
from costtui.domain.gpu import GpuState
from costtui.domain.terms import Adjustment, KeptTerms, Session
from costtui.domain.tick import EngineCursor, EngineTotals, StateTotals
from costtui.store import holders
from costtui.store.buckets import DAYS, GRAINS, HOURS, MINUTES, QUARTERS, SECONDS, Grain, cover
from costtui.store.place import TELEMETRY
from costtui.store.rows import EnginePoint, Event, GpuPoint, KnownGpu, StoredStatus
from costtui.store.text import terms_from

BUSY_SECONDS = 0.5
MONDAY_MS = 3 * 86_400_000
"""The first of January 1970 was a Thursday."""
STATES = tuple(state for state in GpuState)
_STATE_COLUMNS = "busy_ms, low_ms, idle_loaded_ms, empty_ms, other_ms, lost_ms, unknown_ms"
_STATE_SUMS = ", ".join(f"coalesce(sum({name}), 0)" for name in _STATE_COLUMNS.split(", "))
_ENGINE_COLUMNS = (
    "observed_ms, worked_ms, input_tokens, output_tokens, cached_input_tokens, gap_input_tokens, gap_output_tokens,"
    " gap_cached_input_tokens, prefix_cache_queries, prefix_cache_hits"
)
_ENGINE_SUMS = ", ".join(f"sum({name.strip()})" for name in _ENGINE_COLUMNS.split(","))


class TelemetryReader:
    """A reader of one state directory. A database that is missing, locked or damaged answers with nothing.

    It follows a database that is deleted and made anew: the file is opened again when its inode changes.
    """

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / TELEMETRY
        self._connection: sqlite3.Connection | None = None
        self._watch: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._version: int | None = None

    def close(self) -> None:
        """Let go of the file."""
        for connection in (self._connection, self._watch):
            if connection is not None:
                connection.close()
        self._connection = self._watch = self._version = None

    def changed(self) -> bool:
        """True when anything was committed since the last call; 3 µs on a connection of its own."""
        identity = self._file_identity()
        if identity != self._identity:
            self.close()
            self._identity = identity
        if identity is None:
            return False
        with contextlib.suppress(sqlite3.Error):
            if self._watch is None:
                self._watch = self._open()
            version = self._watch.execute("pragma data_version").fetchone()[0]
            before, self._version = self._version, version
            return bool(version != before)
        return False

    def status(self) -> StoredStatus | None:
        """The newest picture."""
        rows = self._rows("select body, at_ms, pid from status")
        return StoredStatus(bytes(rows[0][0]), rows[0][1], rows[0][2]) if rows else None

    def gpu_totals(self, from_ms: int, to_ms: int) -> dict[str, StateTotals]:
        """Time by state and energy of every GPU within [from, to); exact on whole quarters of an hour.

        At other edges it is as exact as the minutes (400 days) and seconds (48 hours) that are kept.
        """
        sums: dict[str, list[int]] = {}
        for grain, first, end in cover(from_ms, to_ms, self._grains()):
            for uuid, *row in self._rows(
                f"select uuid, {_STATE_SUMS}, sum(energy_mj), sum(energy_ms), sum(energy_estimated_ms)"  # noqa: S608
                f" from gpu_{grain.name} join gpus on gpu = id where bucket >= ? and bucket < ? group by gpu",
                (first, end),
            ):
                held = sums.setdefault(uuid, [0] * len(row))
                for place, value in enumerate(row):
                    held[place] += value
        return {
            uuid: StateTotals(dict(zip(STATES, row[:7], strict=True)), row[7], row[8], row[9])
            for uuid, row in sums.items()
        }

    def idle_hours(self, from_ms: int, to_ms: int, offset_ms: int) -> list[tuple[str, int, int]]:
        """UUID, hour of the week from Monday's midnight in a zone so far from UTC, and idle milliseconds, of the
        quarters of an hour that begin within the span. Summed where they lie: a year of 8 GPUs in a twentieth of the
        time that reading each quarter takes."""
        quarter = QUARTERS.size_ms
        first, end = -(-from_ms // quarter), -(-to_ms // quarter)
        whole = (QUARTERS,) if offset_ms % HOURS.size_ms else [each for each in self._grains() if each is not DAYS]
        tiles = cover(first * quarter, end * quarter, whole)
        sums: dict[tuple[str, int], int] = {}
        for grain, begin, stop in tiles:
            for uuid, hour, idle_ms in self._rows(
                "select uuid, cell % 168, idle from (select gpu * 168 + (bucket * ? + ?) / 3600000 % 168 as cell,"  # noqa: S608
                f" sum(idle_loaded_ms + empty_ms) as idle from gpu_{grain.name} where bucket >= ? and bucket < ?"
                " group by cell having idle > 0) join gpus on cell / 168 = id",  # one key: a quarter faster than two
                (grain.size_ms, offset_ms + MONDAY_MS, begin, stop),
            ):
                sums[uuid, hour] = sums.get((uuid, hour), 0) + idle_ms
        return [(uuid, hour, idle_ms) for (uuid, hour), idle_ms in sorted(sums.items())]

    def holder_totals(self, from_ms: int, to_ms: int) -> holders.Totals:
        """Who held each GPU, for how many milliseconds of the quarters of an hour that begin within [from, to)."""
        return holders.totals_of(self._rows(holders.TOTALS, holders.quarters(from_ms, to_ms)))

    def engine_totals(self, from_ms: int, to_ms: int) -> dict[str, EngineTotals]:
        """Tokens and worked time of every engine within [from, to)."""
        sums: dict[str, list[int]] = {}
        for grain, first, end in cover(from_ms, to_ms, self._grains()):
            for name, *row in self._rows(
                f"select name, {_ENGINE_SUMS} from engine_{grain.name} join engines on engine = id"  # noqa: S608
                " where bucket >= ? and bucket < ? group by engine",
                (first, end),
            ):
                held = sums.setdefault(name, [0] * len(row))
                for place, value in enumerate(row):
                    held[place] += value
        return {name: EngineTotals(*row) for name, row in sums.items()}

    def gpu_history(self, uuid: str, from_ms: int, to_ms: int, step_ms: int) -> list[GpuPoint]:
        """One GPU in steps of `step_ms`; steps in which nothing was observed are left out."""
        grain = next(
            grain for grain in (QUARTERS, MINUTES, SECONDS) if step_ms % grain.size_ms == 0 or grain is SECONDS
        )
        step = max(step_ms // grain.size_ms, 1)
        rows = self._rows(
            f"select bucket / ? as step, sum(utilization_sum), sum(utilization_ms), sum(power_sum), sum(power_ms),"  # noqa: S608
            f" max(memory_bytes), {_STATE_SUMS} from gpu_{grain.name} where gpu = (select id from gpus where uuid = ?)"
            " and bucket >= ? and bucket < ? group by step order by step",
            (step, uuid, from_ms // grain.size_ms, to_ms // grain.size_ms),
        )
        return [
            GpuPoint(
                at_ms=row[0] * step * grain.size_ms,
                utilization_percent=round(row[1] / row[2]) if row[2] else None,
                power_milliwatts=round(row[3] / row[4]) if row[4] else None,
                memory_used_bytes=row[5],
                milliseconds=dict(zip(STATES, row[6:], strict=True)),
            )
            for row in rows
        ]

    def engine_history(self, engine: str, from_ms: int, to_ms: int, step_ms: int) -> list[EnginePoint]:
        """One engine in steps of `step_ms`."""
        grain = next(
            grain for grain in (QUARTERS, MINUTES, SECONDS) if step_ms % grain.size_ms == 0 or grain is SECONDS
        )
        step = max(step_ms // grain.size_ms, 1)
        rows = self._rows(
            "select bucket / ? as step, sum(observed_ms), sum(worked_ms), sum(input_tokens), sum(output_tokens)"  # noqa: S608
            f" from engine_{grain.name} where engine = (select id from engines where name = ?)"
            " and bucket >= ? and bucket < ? group by step order by step",
            (step, engine, from_ms // grain.size_ms, to_ms // grain.size_ms),
        )
        return [EnginePoint(row[0] * step * grain.size_ms, *row[1:]) for row in rows]

    def known_gpus(self) -> dict[str, KnownGpu]:
        """Every GPU that was ever introduced."""
        rows = self._rows(
            "select uuid, gpu_index, name, first_seen_ms, last_seen_ms, state, state_since_ms from gpus"
            " where gpu_index >= 0 order by gpu_index"
        )
        return {row[0]: KnownGpu(row[0], row[1], row[2], row[3], row[4], GpuState(row[5]), row[6]) for row in rows}

    def terms(self) -> dict[str, tuple[KeptTerms, ...]]:
        """Terms by GPU, as they came into force."""
        kept: dict[str, tuple[KeptTerms, ...]] = {}
        for uuid, recorded_ms, body in self._rows("select uuid, recorded_ms, body from terms order by recorded_ms"):
            kept[uuid] = (*kept.get(uuid, ()), KeptTerms(recorded_ms, terms_from(body)))
        return kept

    def adjustments(self, from_ms: int, to_ms: int) -> list[Adjustment]:
        """Corrections dated within [from, to)."""
        rows = self._rows(
            "select uuid, at_ms, nano_usd, reason from adjustments where at_ms >= ? and at_ms < ?", (from_ms, to_ms)
        )
        return [Adjustment(*row) for row in rows]

    def sessions(self, from_ms: int, to_ms: int) -> list[Session]:
        """Stretches of the host being on that touch [from, to)."""
        rows = self._rows(
            "select boot_id, boot_ms, last_heartbeat_ms from sessions where last_heartbeat_ms > ? and boot_ms < ?"
            " order by boot_ms",
            (from_ms, to_ms),
        )
        return [Session(*row) for row in rows]

    def cursors(self) -> dict[str, EngineCursor]:
        """Last raw counters by engine."""
        found: dict[str, EngineCursor] = {}
        for name, text in self._rows("select name, cursor from engines where cursor is not null"):
            fields: dict[str, Any] = json.loads(text)
            fields["absent"] = frozenset(fields["absent"])
            found[name] = EngineCursor(**fields)
        return found

    def open_alerts(self) -> list[OpenAlert]:
        """Alerts that have started and not ended."""
        return [
            OpenAlert(*row) for row in self._rows("select key, level, text, started_ms, clear_since_ms from alerts")
        ]

    def events(self, limit: int = 100) -> list[Event]:
        """The newest lines of history, newest first."""
        return [
            Event(*row)
            for row in self._rows("select at_ms, level, text from events order by id desc limit ?", (limit,))
        ]

    def _rows(self, query: str, arguments: Sequence[int | str] = ()) -> list[Any]:
        """All rows at once; nothing where there is no database to ask."""
        for _ in range(2):
            try:
                if self._connection is None:
                    self._connection = self._open()
                return self._connection.execute(query, arguments).fetchall()
            except (sqlite3.Error, UnicodeDecodeError):  # a damaged schema is quoted, undecodable, in the message
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None
        return []

    def _grains(self) -> Sequence[Grain]:
        """Without those that an agent of an older version, which still writes, does not keep."""
        kept = {name for (name,) in self._rows("select name from sqlite_master where name in ('gpu_1d', 'gpu_1h')")}
        return [each for each in GRAINS if each not in (DAYS, HOURS) or f"gpu_{each.name}" in kept]

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("pragma query_only = on")
        return connection

    def _file_identity(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
