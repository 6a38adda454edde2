"""One message when an alert starts, one when it ends, also over a restart and a webhook that is down."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from costtui.agent.alarms import Alarms
from costtui.agent.clock import SystemClock
from costtui.agent.log import Log
from costtui.agent.notify import Courier, payload, send_test_alert
from costtui.analysis.alerts import CLEAR_MS, Condition
from costtui.config.model import Alerts, Config
from costtui.domain.alert import AlertMessage
from costtui.domain.secret import SecretRef
from costtui.egress.client import Egress
from costtui.errors import ConfigError
from costtui.store.reader import TelemetryReader
from costtui.store.writer import TelemetryWriter
from tests.agent.servers import Site, serving
from tests.agent.waiting import until

NOON = 1_790_000_000_000
LOST = Condition("gpu-lost:GPU-a", "critical", "GPU 0 LOST since 12:00")
REF = SecretRef("env", "HOOK")


@contextmanager
def store(state_dir: Path) -> Iterator[tuple[TelemetryWriter, TelemetryReader]]:
    """A real store."""
    writer = TelemetryWriter.open(state_dir, now_ms=NOON)
    reader = TelemetryReader(state_dir)
    try:
        yield writer, reader
    finally:
        reader.close()
        writer.close()


async def deliver(alarms: Alarms, courier: Courier, looks: list[tuple[list[Condition], int]]) -> None:
    """Look at conditions one after the other, each message delivered before the next look."""
    sending = asyncio.create_task(courier.run(REF))
    for conditions, at_ms in looks:
        alarms.look(conditions, at_ms, sends=True)
        await until(lambda: not courier.waiting)
    sending.cancel()


def run(state_dir: Path, site: Site, looks: list[tuple[list[Condition], int]]) -> list[str]:
    """One life of an agent; the keys of the alerts that it leaves in the store."""

    async def live() -> None:
        async with Egress() as egress:
            log = Log(state_dir, SystemClock())
            courier = Courier(egress, "gpu-07", {"HOOK": site.url + "/T00/secret"})
            await deliver(Alarms(reader.open_alerts(), writer, courier, log), courier, looks)
            log.close()

    with store(state_dir) as (writer, reader):
        asyncio.run(live())
    after = TelemetryReader(state_dir)
    left = [alert.key for alert in after.open_alerts()]
    after.close()
    return left


def test_an_alert_is_told_once_when_it_starts_and_once_when_it_ends(tmp_path: Path) -> None:
    with serving() as site:
        looks = [([LOST], NOON), ([LOST], NOON + 1000), ([], NOON + 2000), ([], NOON + 2000 + CLEAR_MS)]
        assert run(tmp_path, site, looks) == []
    assert [post["text"] for post in site.posts] == [
        "[costtui gpu-07] critical: GPU 0 LOST since 12:00",
        "[costtui gpu-07] ended: GPU 0 LOST since 12:00",
    ]


def test_a_restart_does_not_repeat_an_alert_and_still_ends_it(tmp_path: Path) -> None:
    with serving() as site:
        assert run(tmp_path, site, [([LOST], NOON)]) == [LOST.key]
        assert run(tmp_path, site, [([LOST], NOON + 5000), ([], NOON + 6000)]) == [LOST.key]
        assert len(site.posts) == 1
        assert run(tmp_path, site, [([], NOON + 6000 + CLEAR_MS)]) == []
    assert [post["text"].split(":")[0] for post in site.posts] == [
        "[costtui gpu-07] critical",
        "[costtui gpu-07] ended",
    ]


def test_an_alert_that_could_not_be_delivered_is_tried_again_after_a_restart(tmp_path: Path) -> None:
    async def live() -> str | None:
        async with Egress() as egress:
            log = Log(tmp_path, SystemClock())
            courier = Courier(egress, "gpu-07", {"HOOK": site.url + "/T00/secret"})
            alarms = Alarms((), writer, courier, log)
            sending = asyncio.create_task(courier.run(REF))
            alarms.look([LOST], NOON, sends=True)
            await until(lambda: courier.trouble is not None)
            alarms.look([LOST], NOON + 1000, sends=True)
            sending.cancel()
            log.close()
            return courier.trouble

    with serving() as site:
        site.post_status = 503
        with store(tmp_path) as (writer, _):
            trouble = asyncio.run(live())
        assert trouble is not None
        assert "503" in trouble
        assert "T00" not in trouble
        site.post_status = 200
        assert run(tmp_path, site, [([LOST], NOON + 9000)]) == [LOST.key]
        assert len(site.posts) == 1


def test_a_message_is_never_parsed_as_markup_and_holds_no_control_character() -> None:
    message = AlertMessage("k", "warn", "started", "\x1b]52;c;<!channel> & <http://evil|here>", NOON, NOON)
    assert payload(message, "h") == {"text": "[costtui h] warn: ]52;c;&lt;!channel&gt; &amp; &lt;http://evil|here&gt;"}


def test_the_test_alert_reaches_the_webhook(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as site:
        monkeypatch.setenv("HOOK", site.url)
        config = replace(Config(), alerts=Alerts(webhook=REF))
        assert asyncio.run(send_test_alert(config)) == 200
    assert "test" in site.posts[0]["text"]


def test_the_test_alert_without_a_webhook_says_what_to_set() -> None:
    with pytest.raises(ConfigError, match=r"alerts\.webhook"):
        asyncio.run(send_test_alert(Config()))
