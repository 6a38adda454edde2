"""What went wrong between here and a server, in plain words that hold no secret."""

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from costtui.domain.clean import clean
from costtui.domain.secret import Secret
from costtui.errors import SourceBusy, SourceError, SourceGone, SourceRefused

HIDDEN = "the secret address"


def place(url: str | Secret) -> str:
    """`url` without user, query and fragment; a secret one is not shown at all."""
    if isinstance(url, Secret):
        return HIDDEN
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the address"
    return clean(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")


def _door(url: str | Secret) -> str:
    """Host and port, as one would type them."""
    if isinstance(url, Secret):
        return HIDDEN
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "the address"
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    return clean(f"{host}:{port}")


def too_large(url: str | Secret, cap: int) -> SourceError:
    """More bytes than this source may send."""
    return SourceError(f"{place(url)} answered with more than {cap} bytes", "check that the address is the right one")


def refuse_status(status: int, url: str | Secret, encoding: str, retry_after: str = "") -> None:
    """Raise unless the answer is of the 200s and not compressed. `retry_after` is the header of that name."""
    where = place(url)
    if 300 <= status < 400:
        raise SourceError(f"{where} redirects ({status}), which is refused", "configure the final address")
    if status in (401, 403):
        raise SourceRefused(f"{where} refused the key ({status})", "check the key that the configuration names")
    if status == 404:
        raise SourceGone(f"{where} does not exist (404)", "check the address in the configuration")
    if status == 410:
        raise SourceGone(f"{where} is no longer offered (410)", "nothing: its owner has shut it down")
    if status in (429, 503):
        raise SourceBusy(f"{where} asks to wait ({status})", "ask less often, or raise its limit", retry_after[:40])
    if status >= 500:
        raise SourceError(f"{where} failed ({status})", "look at the server's log")
    if not 200 <= status < 300:
        raise SourceError(f"{where} answered {status}", "check the address in the configuration")
    if encoding.strip().lower() not in ("", "identity"):
        raise SourceError(f"{where} answered compressed, which was not asked for", "turn compression off there")


def explain(error: Exception, url: str | Secret, seconds: float) -> SourceError:
    """The fault as a SourceError; the library's own text is never passed on, because it quotes URLs."""
    chain = tuple(_chain(error))
    door = _door(url)
    if any(isinstance(cause, ConnectionRefusedError) for cause in chain):
        return SourceError(f"nothing listens on {door}", "start the server, or correct the address")
    if any(isinstance(cause, socket.gaierror) for cause in chain):
        return SourceError(f"the name in {door} cannot be resolved", "check the name, and the host's DNS")
    if any(isinstance(cause, ssl.SSLError) for cause in chain):
        return SourceError(f"the TLS certificate of {door} is not trusted", "check its name, date and issuer")
    if any(isinstance(cause, (TimeoutError, httpx.TimeoutException)) for cause in chain):
        return SourceError(f"{place(url)} did not answer within {seconds:g} s", "see whether it is overloaded")
    if isinstance(error, (httpx.InvalidURL, ValueError, httpx.UnsupportedProtocol, httpx.LocalProtocolError)):
        return SourceError(
            f"{place(url)} cannot be asked like this", "check the address and the key for stray characters"
        )
    if any(isinstance(cause, OSError) and not isinstance(cause, ConnectionError) for cause in chain):
        return SourceError(f"no way to {door}", "check the network and its routes")
    return SourceError(f"{place(url)} broke off before its answer was complete", "see whether it crashed")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, what caused it, and so on; at most ten."""
    for _ in range(10):
        if error is None:
            return
        yield error
        if isinstance(error, BaseExceptionGroup) and error.exceptions:
            error = error.exceptions[0]
        else:
            error = error.__cause__ or error.__context__
