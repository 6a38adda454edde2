"""What the kernel says: a gateway under strace, its targets on loopback addresses of their own, and whom it connected
to. Names are looked up in a hosts file that only this gateway sees, and that changes while it runs."""

import asyncio
import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.parts.provider import OPERATIONS
from tests.parts.provider_answers import USUAL_USE, usage_block, whole
from tests.parts.provider_gateway import GatewayProcess

INSIDE = tuple(f"127.0.0.{number}" for number in range(2, 8))
PROXY = "127.0.0.99"
ELSEWHERE = "203.0.113.9"
"""Reserved for documentation: nobody has it, and it is on nobody's premises."""
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
FAULTS = ("good", "good", "good", "500", "429", "reset", "hang", "cut", "307")
_CONNECT = re.compile(r'connect\(\d+(?:<(\w+)[^>]*>)?, \{sa_family=AF_INET6?, .*?"([0-9a-f.:]+)"')


def can_trace() -> bool:
    """Whether strace is there and may trace."""
    strace = shutil.which("strace")
    return strace is not None and subprocess.run([strace, "-qq", "true"], capture_output=True).returncode == 0


def can_flip() -> bool:
    """Whether a process can have a hosts file of its own."""
    return shutil.which("unshare") is not None and subprocess.run(["unshare", "-m", "true"]).returncode == 0


class Hosts:
    """A server on each address, in a thread; what each does to a request is in `faults`."""

    def __init__(self) -> None:
        self.faults: dict[str, str] = {}
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._refusing = socket.socket()
        self._refusing.bind(("127.0.0.1", 0))
        self.refusing_port: int = self._refusing.getsockname()[1]
        """Nobody listens there, at any address."""

    def __enter__(self) -> "Hosts":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._refusing.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        servers = [self._loop.run_until_complete(self._listen(address)) for address in (*INSIDE, PROXY)]
        self._ready.set()
        self._loop.run_forever()
        for server in servers:
            server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0.05))  # closed transports say so in the loop's next turns
        self._loop.close()

    async def _listen(self, address: str) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, address, self.port)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        whole = False
        try:
            whole = await self._answered(reader, writer)
        finally:
            writer.close() if whole else writer.transport.abort()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection is to be closed in order; otherwise it is reset."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            address = writer.get_extra_info("sockname")[0]
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            fault = self.faults.get(address, "good")
            if fault == "hang":
                await asyncio.sleep(3_600)
            if fault == "reset":
                return False
            writer.write(_answer(head, fault))
            await writer.drain()
        return True


def _answer(head: bytes, fault: str) -> bytes:
    if fault == "307":
        return b"HTTP/1.1 307 Go\r\nlocation: http://127.0.0.99:1/\r\ncontent-length: 0\r\n\r\n"
    if fault in ("500", "429"):
        return b"HTTP/1.1 %b No\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}" % fault.encode()
    operation = OPERATIONS[head.split(b" ")[1].decode().partition("/v1")[2]]
    said = whole(operation, "m", usage_block("openai", operation, USUAL_USE), 3)
    lines = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(said)
    return b"HTTP/1.1 200 OK\r\n" + lines + (said[:20] if fault == "cut" else said)


class NameFile:
    """The hosts file of one gateway. Each name is at its own address, or by turns at another one."""

    def __init__(self, path: Path, names: dict[str, str]) -> None:
        self.path = path
        self._names = names
        self._flipping: set[str] = set()
        self._stop = threading.Event()
        self._write(Random(0), ())

    @contextlib.contextmanager
    def flipping(self, names: set[str], dice: Random) -> Iterator[None]:
        """Meanwhile these are at once here, at once elsewhere, at once both."""
        self._stop.clear()
        thread = threading.Thread(target=self._flip, args=(names, dice))
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
            self._write(dice, ())

    def _flip(self, names: set[str], dice: Random) -> None:
        while not self._stop.wait(0.003):
            self._write(dice, names)

    def _write(self, dice: Random, flipped: "set[str] | tuple[()]") -> None:
        lines = ["127.0.0.1 localhost"]
        for name, address in self._names.items():
            said = (
                dice.choice(([address], [address], [ELSEWHERE], [ELSEWHERE, address])) if name in flipped else [address]
            )
            lines += [f"{each} {name}" for each in said]
        self.path.write_text("\n".join([*lines, ""]))


class TracedGateway(GatewayProcess):
    """A gateway whose every connect(2), and those of its children, the kernel tells; with proxy variables set."""

    names: NameFile | None = None

    @property
    def trace(self) -> Path:
        """As strace writes it."""
        return self.folder / "trace"

    def start(self, *, wait: bool = True) -> None:
        """Anew, with an empty trace."""
        self.trace.unlink(missing_ok=True)
        argv = ["strace", "-D", "-f", "-qq", "-yy", "-s", "0", "-e", "trace=connect", "-e", "signal=none"]
        argv += ["-o", str(self.trace), sys.executable, "-m", "costtui.gateway", "--state-dir", str(self.state_dir)]
        argv += ["--config", str(self.config)]
        if self.names is not None:
            mounted = f'mount --bind "{self.names.path}" /etc/hosts && exec "$@"'
            argv = ["unshare", "-m", "--propagation", "private", "sh", "-c", mounted, "sh", *argv]
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(argv, stdout=log, stderr=log, env=self.environment)
        if wait:
            self.await_health()

    def connected(self) -> list[str]:
        """Addresses in the order of the calls; a datagram socket is a resolver that sorts what it found, and sends
        nothing."""
        found = _CONNECT.findall(self.trace.read_text())
        return [address for kind, address in found if kind not in ("UDP", "UDPv6")]


def environment(port: int) -> dict[str, str]:
    """Everything that might lead a careless client to the proxy."""
    return dict.fromkeys(VARIABLES, f"http://{PROXY}:{port}") | {"NO_PROXY": "", "no_proxy": ""} | dict(os.environ)
