"""The server as callers meet it."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from costtui.errors import CosttuiError
from costtui.exporter.serve import address_of, server_for
from tests.exporter.scraped import facts_of, figure, parsed
from tests.store.ledger.made import NOON_MS


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with (
        contextlib.closing(facts_of(tmp_path, NOON_MS)) as facts,
        server_for(("127.0.0.1", 0), facts) as server,
    ):
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def get(port: int, path: str = "/metrics", **headers: str) -> tuple[int, str, bytes]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["content-type"], answer.read()


def test_metrics_are_prometheus_text_or_openmetrics_as_asked(port: int) -> None:
    status, kind, body = get(port)
    assert (status, kind.partition(";")[0]) == (200, "text/plain")
    assert figure(parsed(body.decode()), "costtui_agent_up") == 0
    _, kind, body = get(port, Accept="application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost:9464", "[::1]:9464", "10.1.2.3"])
def test_an_address_or_an_own_name_is_answered(port: int, host: str) -> None:
    assert get(port, Host=host)[0] == 200


@pytest.mark.parametrize("host", ["attacker.example", "attacker.example:9464", "127.0.0.1.attacker.example", "", "["])
def test_a_name_that_somebody_led_here_is_refused(port: int, host: str) -> None:
    status, _, body = get(port, Host=host)
    assert (status, b"usd" in body) == (403, False)


def test_two_host_headers_or_none_are_refused(port: int) -> None:
    for head in (b"", b"host: 127.0.0.1\r\nhost: localhost\r\n"):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\n" + head + b"connection: close\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 403")


def test_other_paths_and_methods_are_refused(port: int) -> None:
    assert get(port, "/")[0] == 404
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("POST", "/metrics", b"x")
        assert connection.getresponse().status == 501


def test_a_caller_that_says_nothing_holds_nobody_up(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as silent:
        silent.sendall(b"GET /met")
        assert get(port)[0] == 200


def test_a_port_that_is_taken_is_said_with_a_remedy(port: int, tmp_path: Path) -> None:
    with contextlib.closing(facts_of(tmp_path, NOON_MS)) as facts, pytest.raises(CosttuiError, match="--listen"):
        server_for(("127.0.0.1", port), facts)


def test_ipv6_addresses_are_written_in_brackets() -> None:
    assert address_of("[::1]:9464") == ("::1", 9464)
