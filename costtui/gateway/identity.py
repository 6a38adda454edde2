"""Who a client is: a gateway key by its hash, or the uid of the process at the other end of a loopback connection."""

import hmac
import socket
import struct
from collections.abc import Mapping
from hashlib import sha256

from costtui.store.controls import GatewayKey

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_REQUEST = 1
_TCP_ALL_STATES = 0xFFFFFFFF
_UID_OFFSET = 16 + 4 + 48 + 4 + 4 + 4
"""In an answer of linux/inet_diag.h: message header, state bytes, socket id, expiry and two queues."""


def key_of(credential: bytes, keys: Mapping[bytes, GatewayKey]) -> GatewayKey | None:
    """The key that a credential is, None for none. Found by its SHA-256, compared in constant time."""
    digest = sha256(credential).digest()
    key = keys.get(digest)
    if key is None or not hmac.compare_digest(key.digest, digest) or key.revoked_ms is not None:
        return None
    return key


def peer_uid(connection: socket.socket) -> int | None:
    """The user that owns the other end of a loopback TCP connection, by the kernel's socket table; None if not told."""
    try:
        here, there = connection.getsockname(), connection.getpeername()
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as asking:
            asking.settimeout(0.2)
            asking.sendto(_question(connection.family, there, here), (0, 0))
            answer = asking.recv(4096)
    except OSError:
        return None
    kind = struct.unpack_from("=H", answer, 4)[0] if len(answer) >= _UID_OFFSET + 4 else 0
    return struct.unpack_from("=I", answer, _UID_OFFSET)[0] if kind == _SOCK_DIAG_BY_FAMILY else None


def _question(family: int, source: tuple[str, int], to: tuple[str, int]) -> bytes:
    """struct inet_diag_req_v2 for exactly one socket: the client's own end."""
    packed = [socket.inet_pton(family, each[0]).ljust(16, b"\0") for each in (source, to)]
    ports = struct.pack("!HH", source[1], to[1])
    about = struct.pack("=BBBxI", family, socket.IPPROTO_TCP, 0, _TCP_ALL_STATES)
    body = about + ports + packed[0] + packed[1] + struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
    return struct.pack("=IHHII", 16 + len(body), _SOCK_DIAG_BY_FAMILY, _REQUEST, 1, 0) + body
