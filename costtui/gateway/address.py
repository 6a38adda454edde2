"""Where a target's requests go, settled once per configuration: nothing in a request can change any of it."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from costtui.config.model import Target
from costtui.config.providers import provider_url
from costtui.config.secrets import resolve
from costtui.dialects.operation import Operation, path_of
from costtui.errors import SourceError

OPENAI = frozenset({Operation.CHAT, Operation.COMPLETIONS, Operation.EMBEDDINGS, Operation.RESPONSES})
ANTHROPIC = frozenset({Operation.MESSAGES, Operation.COUNT_TOKENS})
SPOKEN = {"openai": OPENAI, "anthropic": ANTHROPIC, "both": OPENAI | ANTHROPIC}
ANTHROPIC_VERSION = b"anthropic-version: 2023-06-01\r\n"
"""Sent where the client sent none: the API refuses a request without it."""


@dataclass(slots=True, eq=False)
class Address:
    """One target, ready to be called. `trouble` says why it cannot be, where it cannot."""

    target: Target
    host: str
    port: int
    secure: bool
    proxy: tuple[str, int] | None
    heads: dict[Operation, bytes]
    """Request line and the headers that are the same each time, by operation; Anthropic's key is x-api-key."""
    trouble: str = ""
    confined: bool = False
    """Whether its name may only lead to an address on the premises."""
    in_flight: int = 0
    """Attempts under way."""
    key: bytes = field(default=b"", repr=False)
    name: str = field(init=False)
    """The target's."""
    provider: str = field(init=False)
    """API provider or kind of engine."""
    self_hosted: bool = field(init=False)
    """Whether its GPUs are paid by the hour."""
    model: str = field(init=False)
    """Its own name of the model; empty where the client's is passed on."""
    mark: bytes = field(init=False)
    """The line in each answer's head that names it."""
    _context: ssl.SSLContext | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        target = self.target
        self.name = target.name
        self.provider = target.provider or target.engine or ""
        self.self_hosted = target.engine is not None
        self.model = target.model or ""
        self.mark = f"x-costtui-target: {target.name}\r\n".encode()

    def scrubbed(self, text: bytes) -> bytes:
        """What an upstream says in an error, without the key that it may repeat: it is not the caller's."""
        return text.replace(self.key, b"***") if self.key else text

    @property
    def context(self) -> ssl.SSLContext:
        """TLS with verified names, by the target's own certificates or the usual ones; made at the first use: reading
        the usual ones takes 10 ms."""
        if self._context is None:
            import certifi  # 4 ms of a cold start, and only for TLS

            self._context = ssl.create_default_context(cafile=str(self.target.ca or certifi.where()))
            self._context.minimum_version = ssl.TLSVersion.TLSv1_2
            self._context.set_alpn_protocols(["http/1.1"])
        return self._context

    @property
    def host_header(self) -> str:
        """As in a Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def settle_address(target: Target, environ: Mapping[str, str], *, confined: bool = False) -> Address:
    """A target's address with its key in place; a key that cannot be had is its `trouble`, not an error."""
    parts = urlsplit(target.url or provider_url(target) or "")
    secure = parts.scheme == "https"
    address = Address(
        target=target,
        host=parts.hostname or "",
        port=parts.port or (443 if secure else 80),
        secure=secure,
        proxy=_proxy(target.proxy),
        heads={},
        confined=confined,
    )
    if not address.host:
        address.trouble = f"target {target.name} has no address; give it a `url`"
        return address
    try:
        key = None if target.key is None else resolve(target.key, environ).reveal()
    except SourceError as error:
        address.trouble = f"target {target.name}: {error}"
        return address
    address.key = (key or "").encode()
    if target.ca is not None and not Path(target.ca).is_file():
        address.trouble = f"target {target.name}: no certificates at {target.ca}"
    origin = f"http://{address.host_header}" if address.proxy is not None and not secure else ""
    for operation in sorted(SPOKEN[target.dialect]):
        path = f"{origin}{parts.path.rstrip('/')}{path_of(operation)}"
        address.heads[operation] = _head(path, address.host_header, _key_line(operation, key))
    return address


def _proxy(text: str | None) -> tuple[str, int] | None:
    if text is None:
        return None
    parts = urlsplit(text)
    return parts.hostname or "", parts.port or 80


def _key_line(operation: Operation, key: str | None) -> bytes:
    if key is None:
        return b""
    name = "x-api-key: " if operation in ANTHROPIC else "authorization: Bearer "
    return f"{name}{key}\r\n".encode()


def _head(path: str, host: str, key_line: bytes) -> bytes:
    lines = f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\naccept-encoding: identity\r\n"
    return lines.encode() + key_line
