"""HAProxy's runtime API: a line of commands over a Unix socket, their answers, and the end of the connection."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from costtui.domain.clean import clean
from costtui.errors import SourceError

ANSWER_BYTES = 4 * 2**20
"""A backend of a thousand servers is described in 0.6 MB."""
TIMEOUT_SECONDS = 2.0
"""For the whole conversation: the socket is on this host, and HAProxy answers within a millisecond."""


async def ask(socket: Path, commands: Sequence[str]) -> str:
    """The answers to all commands, one behind the other. Raises SourceError for whatever keeps them away."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            body = await _converse(socket, ";".join(commands))
    except TimeoutError:
        raise SourceError(f"no answer within {TIMEOUT_SECONDS:g} s at {socket}", "see whether HAProxy hangs") from None
    except OSError as error:
        why = clean(error.strerror or type(error).__name__).lower()
        raise SourceError(f"nothing answers at {socket} ({why})", _remedy(error)) from None
    if len(body) > ANSWER_BYTES:
        raise SourceError(f"an answer over {ANSWER_BYTES >> 20} MiB at {socket}", "see whether HAProxy listens there")
    return body.decode(errors="replace")


def _remedy(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "let the agent's user in: `stats socket PATH level admin user USER`"
    return "start HAProxy, or correct `socket` in [haproxy]"


async def _converse(socket: Path, line: str) -> bytes:
    reader, writer = await asyncio.open_unix_connection(socket)
    try:
        writer.write(f"{line}\n".encode())
        await writer.drain()
        body = bytearray()
        while len(body) <= ANSWER_BYTES and (more := await reader.read(2**16)):
            body += more
        return bytes(body)
    finally:
        writer.transport.abort()  # closing in order would wait for a peer that does not read
