"""`costtui exporter` as a user runs it."""

import signal
import subprocess
import urllib.request

import pytest

from tests.cli.clock import now_ms
from tests.cli.ledger import keep_four
from tests.cli.shell import DEADLINE_SECONDS, Shell


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_exporter_says_where_it_is_and_ends_when_told(shell: Shell, number: signal.Signals) -> None:
    keep_four(shell.state_dir, now_ms())
    argv = shell.argv("exporter", "--listen", "127.0.0.1:0")
    with subprocess.Popen(argv, env=shell.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        url = child.stdout.readline().decode().removeprefix("costtui exporter: ").strip()
        with urllib.request.urlopen(url, timeout=DEADLINE_SECONDS) as answer:
            assert b"costtui_api_cost_usd_total" in answer.read()
        child.send_signal(number)
        assert child.wait(DEADLINE_SECONDS) == 0
        assert child.stderr.read() == b""


@pytest.mark.parametrize("listen", ["9464", "example.com:9464", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:x"])
def test_an_address_that_is_none_is_refused(shell: Shell, listen: str) -> None:
    said = shell("exporter", "--listen", listen)
    assert (said.code, said.err.count("\n")) == (64, 1)
    assert "--listen needs an IP address and a port" in said.err
