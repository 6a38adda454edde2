"""The feed on a store: parsed only when it changed, dead when its writer is."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from costtui.report.schema import to_json
from costtui.store.writer import TelemetryWriter
from costtui.tui.feed import SLOT_MS, SLOTS, StoreFeed
from tests.tui.pictures import NOW_MS, status


@dataclass
class Stored:
    body: bytes
    at_ms: int
    pid: int | None


@dataclass
class Point:
    at_ms: int
    utilization_percent: float | None


@dataclass
class ShelfReader:
    """A reader whose shelf a test fills."""

    stored: Stored | None = None
    news: bool = False
    points: list[Point] = field(default_factory=list)
    closed: bool = False

    def changed(self) -> bool:
        news, self.news = self.news, False
        return news

    def status(self) -> Stored | None:
        return self.stored

    def gpu_history(self, uuid: str, from_ms: int, to_ms: int, step_ms: int) -> list[Point]:
        assert (to_ms - from_ms, step_ms) == (SLOTS * SLOT_MS, SLOT_MS)
        return self.points

    def close(self) -> None:
        self.closed = True


def stored(pid: int | None = None) -> Stored:
    return Stored(to_json(status()), NOW_MS, pid)


def test_an_empty_store_gives_no_picture_until_one_is_written() -> None:
    reader = ShelfReader()
    feed = StoreFeed(reader)
    assert feed.look(NOW_MS) is None
    reader.stored = stored()
    assert feed.look(NOW_MS) == status(agent=status().agent.__class__(state="running", age_seconds=0.0, pid=None))


def test_an_unchanged_store_gives_the_same_object() -> None:
    feed = StoreFeed(ShelfReader(stored()))
    assert feed.look(NOW_MS) is feed.look(NOW_MS + 1_000)


def test_an_agent_that_falls_silent_is_late_before_five_seconds_and_dead_after_thirty() -> None:
    feed = StoreFeed(ShelfReader(stored(os.getpid())))
    states = [picture.agent.state for ms in (3_000, 4_900, 30_001) if (picture := feed.look(NOW_MS + ms))]
    assert states == ["running", "late", "dead"]


def test_an_agent_whose_process_is_gone_is_dead_at_once() -> None:
    child = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(child, 0)
    picture = StoreFeed(ShelfReader(stored(child))).look(NOW_MS + 500)
    assert picture is not None
    assert picture.agent.state == "dead"


def test_history_is_cut_on_wall_clock_slots_and_silent_ones_are_blank() -> None:
    end = NOW_MS // SLOT_MS * SLOT_MS
    points = [Point(end - SLOT_MS, 80.4), Point(end - 3 * SLOT_MS, None), Point(end - SLOTS * SLOT_MS, 5.0)]
    history = StoreFeed(ShelfReader(points=points)).history("GPU-1", NOW_MS)
    assert (len(history), history[0], history[-3:]) == (60, 5, (None, None, 80))


def test_closing_the_feed_closes_the_reader() -> None:
    reader = ShelfReader()
    StoreFeed(reader).close()
    assert reader.closed


def test_pictures_come_through_a_real_store(tmp_path: Path) -> None:
    feed = StoreFeed.open(tmp_path)
    assert feed.look(NOW_MS) is None
    writer = TelemetryWriter.open(tmp_path, now_ms=NOW_MS)
    writer.publish(to_json(status()), NOW_MS).result(10)
    first = feed.look(NOW_MS + 100)
    writer.publish(to_json(status(unknown=())), NOW_MS + 1_000).result(10)
    second = feed.look(NOW_MS + 1_100)
    assert first is not None
    assert second is not None
    assert (first.unknown, first.agent.pid) == (("api", "rate of GPU 7"), os.getpid())
    assert second.unknown == ()
    assert feed.look(NOW_MS + 1_300) is second
    assert feed.history("GPU-00000000", NOW_MS) == (None,) * SLOTS
    feed.close()
    writer.close()


def test_a_picture_of_another_version_leaves_the_last_one(tmp_path: Path) -> None:
    reader = ShelfReader(stored())
    feed = StoreFeed(reader)
    last = feed.look(NOW_MS)
    reader.stored, reader.news = Stored(b'{"schema":"costtui.status/9"}', NOW_MS + 1_000, None), True
    assert feed.look(NOW_MS + 1_000) is last
