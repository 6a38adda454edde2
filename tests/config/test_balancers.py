"""What `[haproxy.NAME]` may say: a socket, a backend, and which of its servers are which targets of a route."""

from pathlib import Path

import pytest

from costtui.config.load import load_bytes
from costtui.config.model import Config
from costtui.domain.balancer import Balancer
from costtui.errors import ConfigError

HOST = """[targets]
vllm1 = { engine = "vllm", url = "http://127.0.0.1:8001" }
vllm2 = { engine = "vllm", url = "http://127.0.0.1:8002" }
novita = { provider = "novita", model = "m" }
[routes.chat]
strategy = "idle-first"
targets = ["vllm1", "vllm2"]
"""
GOOD = {
    "socket": '"/run/haproxy/admin.sock"',
    "backend": '"llm"',
    "route": '"chat"',
    "servers": '{ vllm1 = "s1", vllm2 = "s2" }',
}


def config_of(**changed: str) -> Config:
    lines = [f"{key} = {value}" for key, value in (GOOD | changed).items() if value]
    return load_bytes(Path("c.toml"), "\n".join((HOST, "[haproxy.edge]", *lines)).encode(), 7)


def test_a_balancer_is_a_socket_a_backend_a_route_and_its_servers() -> None:
    assert config_of().balancers == (
        Balancer("edge", Path("/run/haproxy/admin.sock"), "llm", "chat", (("vllm1", "s1"), ("vllm2", "s2"))),
    )


def test_without_the_section_nothing_is_driven() -> None:
    assert load_bytes(Path("c.toml"), HOST.encode(), 7).balancers == ()


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"socket": ""}, 'c.toml:9 haproxy.edge: "socket" is missing'),
        ({"socket": '"run/haproxy.sock"'}, "c.toml:10 haproxy.edge.socket: must be the absolute path of a Unix socket"),
        ({"socket": f'"/{"a" * 107}"'}, "haproxy.edge.socket: is longer than the 107 bytes"),
        ({"backend": '"llm;shutdown frontend f"'}, "haproxy.edge.backend: is no name that HAProxy allows"),
        ({"backend": '"llm/x"'}, "haproxy.edge.backend: is no name that HAProxy allows"),
        ({"route": '"chta"'}, 'haproxy.edge.route: names an unknown route "chta"; did you mean "chat"?'),
        ({"servers": "{}"}, "haproxy.edge.servers: names no server"),
        ({"servers": '{ novita = "s1" }'}, "haproxy.edge.servers.novita: is no target of route chat"),
        ({"servers": '{ vllm1 = "s 1" }'}, "haproxy.edge.servers.vllm1: is no name that HAProxy allows"),
        ({"servers": '{ vllm1 = "s1", vllm2 = "s1" }'}, "haproxy.edge.servers: gives one server to two targets"),
        ({"sokcet": '"/x"'}, 'haproxy.edge.sokcet: is not a setting; did you mean "socket"?'),
    ],
)
def test_what_cannot_be_driven_is_refused_with_its_line(changed: dict[str, str], what: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_of(**changed)
    assert any(what in problem for problem in caught.value.problems), caught.value.problems


def test_two_balancers_cannot_drive_the_same_server() -> None:
    section = "\n".join(f"{key} = {value}" for key, value in GOOD.items())
    with pytest.raises(ConfigError) as caught:
        load_bytes(Path("c.toml"), f"{HOST}[haproxy.a]\n{section}\n[haproxy.b]\n{section}\n".encode(), 7)
    assert [problem.split(" ", 1)[1] for problem in caught.value.problems] == [
        "haproxy.b: drives llm/s1, which is driven already",
        "haproxy.b: drives llm/s2, which is driven already",
    ]
