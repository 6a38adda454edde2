"""A small real HTTP server: metrics to read, a webhook to post to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site(ThreadingHTTPServer):
    """What it serves and what it was sent; change the fields while it runs."""

    daemon_threads = True
    body = b""
    post_status = 200

    def __init__(self) -> None:
        self.posts: list[dict[str, str]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Answers every path the same."""

    protocol_version = "HTTP/1.1"
    server: Site

    def do_GET(self) -> None:
        """The metrics."""
        self._answer(200, self.server.body)

    def do_POST(self) -> None:
        """Takes a message, or refuses it."""
        content = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.server.post_status == 200:
            self.server.posts.append(content)
        self._answer(self.server.post_status, b"ok")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Site]:
    """A server for the length of a block."""
    site = Site()
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        thread.join()
        site.server_close()


def vllm_metrics(prompt: int, generated: int, running: int = 0, started: float = 1_790_000_000.0) -> bytes:
    """The counters of a small vLLM."""
    lines = [
        ("process_start_time_seconds", "gauge", "", started),
        ("vllm:prompt_tokens_total", "counter", '{engine="0",model_name="m"}', prompt),
        ("vllm:generation_tokens_total", "counter", '{engine="0",model_name="m"}', generated),
        ("vllm:num_requests_running", "gauge", '{engine="0",model_name="m"}', running),
        ("vllm:num_requests_waiting", "gauge", '{engine="0",model_name="m"}', 0),
    ]
    return "".join(f"# TYPE {name} {kind}\n{name}{labels} {value}\n" for name, kind, labels, value in lines).encode()
