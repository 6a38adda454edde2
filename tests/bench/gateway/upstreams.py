"""What stands behind every subject: an API over plain HTTP and one over TLS, on the load generator's core."""

import socket
import subprocess
import time
from pathlib import Path

from tests.bench.gateway.machine import pinned
from tests.bench.gateway.requests import LARGE_USAGE, answer, ending, event
from tests.parts.provider_gateway import free_port
from tests.parts.provider_tls import make_authority

SECURE = """\
worker_processes 1; daemon off; pid {folder}/secure.pid; error_log stderr;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 1000000000; client_max_body_size 64m; client_body_buffer_size 1m;
  client_body_temp_path {folder}/secure_1; proxy_temp_path {folder}/secure_2; fastcgi_temp_path {folder}/secure_3;
  uwsgi_temp_path {folder}/secure_4; scgi_temp_path {folder}/secure_5;
  upstream plain {{ server 127.0.0.1:{upstream}; keepalive 512; keepalive_requests 1000000000; }}
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
  ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key; ssl_protocols TLSv1.3;
  server {{ listen 127.0.0.1:{port} ssl backlog=1024; location / {{ proxy_pass http://plain; }} }}
}}
"""


class Upstreams:
    """Both of them; `ca` is what the secure one's certificate is verified by."""

    def __init__(self, folder: Path, core: int, *, secure: bool) -> None:
        self.folder, self.core = folder, core
        self.port, self.secure_port = free_port(), free_port()
        self.ca = folder / "ca.pem"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._secure = secure

    def __enter__(self) -> "Upstreams":
        files = {"body": answer(), "large": answer(LARGE_USAGE), "event": event(), "ending": ending()}
        for name, content in files.items():
            (self.folder / name).write_bytes(content)
        self._start([str(self.folder / "upstream"), str(self.port), *(str(self.folder / name) for name in files)])
        _await_port(self.port)
        if self._secure:
            make_authority(self.folder)
            text = SECURE.format(folder=self.folder, upstream=self.port, port=self.secure_port)
            (self.folder / "secure.conf").write_text(text)
            self._start(["nginx", "-p", str(self.folder), "-c", str(self.folder / "secure.conf")])
            _await_port(self.secure_port)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.terminate()
            process.wait()

    def _start(self, argv: list[str]) -> None:
        self._processes.append(subprocess.Popen(pinned(self.core, argv), stderr=subprocess.DEVNULL))


def _await_port(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
