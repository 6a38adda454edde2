"""A real Prometheus scrapes a real exporter and answers in PromQL."""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from costtui.domain.charge import Charge
from costtui.domain.money import NanoUsd
from tests.exporter.test_metrics import API, settle

DEADLINE_SECONDS = 60.0
PROMETHEUS = shutil.which("prometheus")
pytestmark = pytest.mark.skipif(PROMETHEUS is None, reason="no prometheus on the PATH (Debian: apt install prometheus)")


@pytest.fixture
def exporter(tmp_path: Path) -> Iterator[str]:
    """HOST:PORT of an exporter on a ledger with ten requests for a tenth of a cent each."""
    settle(tmp_path / "state", [(API, {"charge": Charge(output_nano=NanoUsd(1_000_000))})] * 10)
    argv = [
        sys.executable,
        "-m",
        "costtui",
        "exporter",
        "--listen",
        "127.0.0.1:0",
        "--state-dir",
        str(tmp_path / "state"),
    ]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=tmp_path) as child:
        assert child.stdout is not None
        yield urllib.parse.urlsplit(child.stdout.readline().decode().split()[-1]).netloc
        child.terminate()


@pytest.fixture
def prometheus(tmp_path: Path, exporter: str) -> Iterator[str]:
    """URL of a Prometheus that scrapes it each second."""
    rules = (
        f"scrape_configs: [{{job_name: costtui, scrape_interval: 1s, static_configs: [{{targets: ['{exporter}']}}]}}]"
    )
    (tmp_path / "prometheus.yml").write_text(rules)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    command = [str(PROMETHEUS), *argv, f"--web.listen-address=127.0.0.1:{port}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as child:
        yield f"http://127.0.0.1:{port}"
        child.terminate()


def asked(url: str, query: str) -> list[tuple[dict[str, str], str]]:
    """Labels and values; nothing while it starts or has not scraped yet."""
    try:
        with urllib.request.urlopen(
            f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query})}", timeout=10
        ) as said:
            return [(row["metric"], row["value"][1]) for row in json.load(said)["data"]["result"]]
    except urllib.error.URLError:
        return []


def until(url: str, query: str) -> list[tuple[dict[str, str], str]]:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (found := asked(url, query)):
        assert time.monotonic() < deadline, query
        time.sleep(0.2)
    return found


@pytest.mark.slow
def test_prometheus_adds_up_what_the_ledger_holds(prometheus: str) -> None:
    found = until(prometheus, "sum by (gen_ai_request_model, costtui_kind) (costtui_api_cost_usd_total) > 0")
    assert found == [({"gen_ai_request_model": "gpt-5", "costtui_kind": "output"}, "0.01")]
    assert asked(prometheus, 'sum(gen_ai_client_token_usage_total{gen_ai_token_type="input"})') == [({}, "8120")]
    assert asked(prometheus, "costtui_unpriced_requests_total")[0][1] == "0"
    assert asked(prometheus, "count(scrape_samples_scraped <= 1000)") == [({}, "1")]
    assert asked(prometheus, "costtui_agent_up")[0][1] == "0"
