"""A runtime socket that answers as a test says, for what a real HAProxy never does."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

INFO = "Name: HAProxy\nPid: 41\nUptime_sec: 9\n\n"
STATES = (
    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight\n"
    "3 llm 1 s1 127.0.0.1 2 0 90 90\n3 llm 2 s2 127.0.0.1 2 0 10 10\n\n"
)
STATS = "# pxname,svname,scur,stot,status,weight,\nllm,s1,2,90,UP,90,\nllm,s2,0,10,no check,10,\n\n"
WHOLE = INFO + STATES + STATS


class ScriptedSocket:
    """Answers each connection through `answer`, on a thread of its own; ends with the test."""

    def __init__(self, path: Path, answer: Callable[[socket.socket, str], None]) -> None:
        self.path = path
        self.lines: list[str] = []
        self._answer = answer
        self._ended = threading.Event()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        self._socket.settimeout(0.05)
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "ScriptedSocket":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        self._socket.close()

    def wait_for_the_end(self, seconds: float) -> None:
        """Stay silent, but no longer than the test."""
        self._ended.wait(seconds)

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(5)
                try:
                    line = connection.recv(65_536).decode()
                    self.lines.append(line)
                    self._answer(connection, line)
                except OSError:
                    continue
