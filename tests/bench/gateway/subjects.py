"""What is measured: each as a process on its own core, in front of the same upstreams."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.gateway.machine import pinned
from tests.bench.gateway.requests import request
from tests.parts.provider_gateway import GatewayProcess, free_port

PROXY_CORE = 1
KEY = "sk-upstream"
START_SECONDS = 60.0


@dataclass
class Subject:
    """A server under measurement. `models`: what to ask for in each test; one that is not in it is left out."""

    name: str
    argv: list[str]
    ports: dict[str, int]
    models: dict[str, str]
    headers: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self.process is not None
        return self.process.pid

    def start(self, folder: Path) -> float:
        """Seconds from the start to the first answer with status 200."""
        began = time.perf_counter()
        with (folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                pinned(PROXY_CORE, self.argv), stdout=log, stderr=log, env=self.environment or None
            )
        while not self._answers():
            assert self.process.poll() is None, (
                f"{self.name} ended: {(folder / f'{self.name}.log').read_text()[-2000:]}"
            )
            assert time.perf_counter() < began + START_SECONDS, f"{self.name} does not answer 200"
            time.sleep(0.001)
        return time.perf_counter() - began

    def stop(self) -> None:
        """Ended and gone."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.ports["whole"]), 30) as connection:
                connection.sendall(request(self.models["whole"], self.headers))
                return connection.recv(12) == b"HTTP/1.1 200"
        except OSError:
            return False


def _config(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


NGINX = """\
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 1000000000; client_max_body_size 64m; client_body_buffer_size 1m;
  client_body_temp_path {folder}/nginx_1; proxy_temp_path {folder}/nginx_2; fastcgi_temp_path {folder}/nginx_3;
  uwsgi_temp_path {folder}/nginx_4; scgi_temp_path {folder}/nginx_5;
  upstream plain {{ server 127.0.0.1:{upstream}; keepalive 512; keepalive_requests 1000000000; }}
  upstream secure {{ server 127.0.0.1:{secure}; keepalive 512; keepalive_requests 1000000000; }}
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Authorization "Bearer sk-upstream";
  proxy_buffering off; proxy_ssl_verify on; proxy_ssl_trusted_certificate {ca}; proxy_ssl_name localhost;
  proxy_ssl_protocols TLSv1.3;
  server {{ listen 127.0.0.1:{port} backlog=1024; location / {{ proxy_pass http://plain; }} }}
  server {{ listen 127.0.0.1:{tls_port} backlog=1024; location / {{ proxy_pass https://secure; }} }}
}}
"""

HAPROXY = """\
global
  nbthread 1
  maxconn 8000
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  option http-no-delay
frontend plain
  bind 127.0.0.1:{port}
  http-request set-header Authorization "Bearer sk-upstream"
  default_backend plain
frontend secure
  bind 127.0.0.1:{tls_port}
  http-request set-header Authorization "Bearer sk-upstream"
  default_backend secure
backend plain
  http-reuse always
  server s 127.0.0.1:{upstream}
backend secure
  http-reuse always
  server s 127.0.0.1:{secure} ssl verify required ca-file {ca} verifyhost 127.0.0.1
"""

TESTS = ("whole", "large", "stream", "tls")


def nginx(folder: Path, upstream: int, secure: int, ca: Path) -> Subject:
    """One worker, nothing buffered, nothing logged."""
    port, tls_port = free_port(), free_port()
    text = NGINX.format(folder=folder, upstream=upstream, secure=secure, ca=ca, port=port, tls_port=tls_port)
    argv = ["nginx", "-p", str(folder), "-c", _config(folder, "nginx.conf", text)]
    ports = dict.fromkeys((*TESTS, "armed"), port) | {"tls": tls_port}
    return Subject("nginx", argv, ports, dict.fromkeys((*TESTS, "armed"), "bench"))


def haproxy(folder: Path, upstream: int, secure: int, ca: Path, name: str = "haproxy") -> Subject:
    """One thread."""
    port, tls_port = free_port(), free_port()
    text = HAPROXY.format(upstream=upstream, secure=secure, ca=ca, port=port, tls_port=tls_port)
    argv = ["haproxy", "-f", _config(folder, f"{name}.cfg", text)]
    return Subject(name, argv, dict.fromkeys(TESTS, port) | {"tls": tls_port}, dict.fromkeys(TESTS, "bench"))


COSTTUI = """\
[targets]
bench  = {{ provider = "openai", url = "http://127.0.0.1:{upstream}/v1", model = "gpt-5", key = "file:{key}" }}
second = {{ provider = "novita", url = "http://127.0.0.1:{upstream}/v1", model = "gpt-5", key = "file:{key}" }}
[targets.tls]
provider = "openai"
url = "https://127.0.0.1:{secure}/v1"
model = "gpt-5"
key = "file:{key}"
ca = "{ca}"
[routes.armed]
strategy = "cheapest"
targets = ["bench", "second"]
boundary = ["bench", "second"]
cache = {{ ttl = "10m" }}
[[routes.armed.rules]]
data_class = "confidential"
targets = ["second"]
[budgets.day]
covers = ["api"]
window = "day"
limit_usd = 1_000_000
at_limit = "block"
unbounded = "bound"
route = "armed"
[budgets.month]
covers = ["api"]
window = "month"
limit_usd = 1_000_000
at_limit = "block"
unbounded = "bound"
route = "armed"
[budgets.rolling]
covers = ["api"]
window = "rolling 24h"
limit_usd = 1_000_000
at_limit = "block"
unbounded = "bound"
route = "armed"
[prices]
bench  = [{{ from = 2026-01-01, input = 1.25, output = 10, cached_input = 0.125 }}]
second = [{{ from = 2026-01-01, input = 1.25, output = 10, cached_input = 0.125 }}]
tls    = [{{ from = 2026-01-01, input = 1.25, output = 10, cached_input = 0.125 }}]
"""


def costtui(folder: Path, upstream: int, secure: int, ca: Path) -> Subject:
    """With a key, prices and the ledger; `armed` is a route steered by cost over two targets, with a rule, a boundary,
    three budgets that hold, and the prompt cache on."""
    key = folder / "key"
    key.write_text(KEY)
    key.chmod(0o600)
    gateway = GatewayProcess(
        folder / "costtui", COSTTUI.format(upstream=upstream, secure=secure, ca=ca, key=key), "max_connections = 4096"
    )
    gateway.command("prices", "compile")
    gateway.start(wait=False)
    assert gateway.process is not None
    argv = [str(each) for each in gateway.process.args] if isinstance(gateway.process.args, list) else []
    gateway.await_health()
    gateway.end()
    models = dict.fromkeys(TESTS, "bench") | {"tls": "tls", "armed": "armed"}
    header = f"authorization: Bearer {gateway.key}"
    return Subject("costtui", argv, dict.fromkeys((*TESTS, "armed"), gateway.port), models, (header,))


LITELLM = """\
model_list:
  - model_name: bench
    litellm_params: {{model: openai/gpt-4o, api_base: "http://127.0.0.1:{upstream}/v1", api_key: {key}}}
    model_info: {{input_cost_per_token: 0.00000125, output_cost_per_token: 0.00001}}
litellm_settings: {{num_retries: 0, request_timeout: 600, telemetry: false}}
general_settings: {{master_key: sk-bench-3f9a7c51d2e84b60a1c7}}
"""


def litellm(program: str, folder: Path, upstream: int) -> Subject:
    """One worker without a database."""
    port = free_port()
    config = _config(folder, "litellm.yaml", LITELLM.format(upstream=upstream, key=KEY))
    argv = [program, "--config", config, "--port", str(port), "--host", "127.0.0.1", "--num_workers", "1"]
    environment = os.environ | {"LITELLM_LOG": "ERROR", "LITELLM_TELEMETRY": "False"}
    ports, models = dict.fromkeys(("whole", "stream"), port), dict.fromkeys(("whole", "stream"), "bench")
    return Subject(
        "litellm", argv, ports, models, ("authorization: Bearer sk-bench-3f9a7c51d2e84b60a1c7",), environment
    )


def portkey(program: str, folder: Path, upstream: int) -> Subject:
    """Portkey's gateway under Node.js; told by headers where to send."""
    port = free_port()
    headers = ("x-portkey-provider: openai", f"x-portkey-custom-host: http://127.0.0.1:{upstream}/v1")
    argv = ["node", program, f"--port={port}", "--headless"]
    return Subject("portkey", argv, {"whole": port}, {"whole": "bench"}, (f"authorization: Bearer {KEY}", *headers))


PEERS: dict[str, Callable[[str, Path, int], Subject]] = {"litellm": litellm, "portkey": portkey}


def installed(program: str) -> bool:
    """Whether a command is on the PATH."""
    return shutil.which(program) is not None
