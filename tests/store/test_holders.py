"""Who held each GPU comes out as it went in, by quarters of an hour."""

from costtui.domain.holder import NOBODY, Holder, HolderTick
from costtui.store.reader import TelemetryReader
from costtui.store.rows import Second
from costtui.store.writer import TelemetryWriter
from tests.store.conftest import NOON_MS

QUARTER_MS = 900_000
ADA, BOB = Holder("ada"), Holder("bob", "4711")


def record(writer: TelemetryWriter, *ticks: HolderTick) -> None:
    writer.record(Second(NOON_MS, holders=ticks)).result(10)


def test_minutes_of_a_quarter_add_up_by_holder(writer: TelemetryWriter, reader: TelemetryReader) -> None:
    record(writer, HolderTick("GPU-a", NOON_MS, ADA, 60_000), HolderTick("GPU-b", NOON_MS, NOBODY, 60_000))
    record(writer, HolderTick("GPU-a", NOON_MS, ADA, 1_000), HolderTick("GPU-a", NOON_MS, BOB, 2_000))
    assert reader.holder_totals(NOON_MS, NOON_MS + QUARTER_MS) == {
        "GPU-a": {ADA: 61_000, BOB: 2_000},
        "GPU-b": {NOBODY: 60_000},
    }


def test_a_window_has_the_quarters_that_begin_in_it(writer: TelemetryWriter, reader: TelemetryReader) -> None:
    for number in range(4):
        record(writer, HolderTick("GPU-a", NOON_MS + number * QUARTER_MS, ADA, 10**number))
    whole = reader.holder_totals(NOON_MS, NOON_MS + 4 * QUARTER_MS)["GPU-a"][ADA]
    parts = [
        reader.holder_totals(NOON_MS, NOON_MS + QUARTER_MS + 1),
        reader.holder_totals(NOON_MS + QUARTER_MS + 1, NOON_MS + 4 * QUARTER_MS),
    ]
    assert whole == 1_111
    assert [part["GPU-a"][ADA] for part in parts] == [11, 1_100]


def test_a_name_that_would_steer_a_terminal_is_stored_clean(writer: TelemetryWriter, reader: TelemetryReader) -> None:
    record(writer, HolderTick("GPU-a", NOON_MS, Holder("a\x1b[2Jda", "1\n2"), 5))
    assert reader.holder_totals(NOON_MS, NOON_MS + 1)["GPU-a"] == {Holder("a[2Jda", "12"): 5}
