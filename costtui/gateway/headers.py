"""Which headers pass, which end here, and what a caller's ones say. Names are judged once and remembered."""

from collections.abc import Callable
from enum import IntEnum


class Role(IntEnum):
    """What the gateway does with a header."""

    FORWARD = 0
    DROP = 1
    HOST = 2
    LENGTH = 3
    TRANSFER = 4
    AUTHORIZATION = 5
    API_KEY = 6
    CONTENT_TYPE = 7
    CONTENT_ENCODING = 8
    CONNECTION = 9
    EXPECT = 10
    ORIGIN = 11
    FETCH_SITE = 12
    TE = 13
    RETRY_AFTER = 14
    LITELLM_COST = 15
    TAG = 16
    DATA_CLASS = 17


_HOP_BY_HOP = frozenset(
    {
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "trailer",
        "upgrade",
        "http2-settings",
    }
)
_REQUEST = {
    "host": Role.HOST,
    "content-length": Role.LENGTH,
    "transfer-encoding": Role.TRANSFER,
    "authorization": Role.AUTHORIZATION,
    "x-api-key": Role.API_KEY,
    "content-type": Role.CONTENT_TYPE,
    "content-encoding": Role.CONTENT_ENCODING,
    "connection": Role.CONNECTION,
    "expect": Role.EXPECT,
    "origin": Role.ORIGIN,
    "sec-fetch-site": Role.FETCH_SITE,
    "te": Role.TE,
    "x-costtui-tag": Role.TAG,
    "x-costtui-data-class": Role.DATA_CLASS,
    "accept-encoding": Role.DROP,
    "forwarded": Role.DROP,
    "via": Role.DROP,
    "from": Role.DROP,
    "referer": Role.DROP,
}
_CREDENTIAL_WORDS = (
    "auth",
    "key",
    "token",
    "cookie",
    "secret",
    "password",
    "credential",
    "session",
    "jwt",
    "signature",
)
_NO_CREDENTIALS = frozenset({"idempotency-key"})
_ROUTING_PREFIXES = (
    "x-forwarded",
    "x-real-ip",
    "x-litellm",
    "x-portkey",
    "x-costtui",
    "sec-",
    "proxy-",
    "cf-",
    "helicone-",
)
_RESPONSE = {
    "content-length": Role.LENGTH,
    "transfer-encoding": Role.TRANSFER,
    "connection": Role.CONNECTION,
    "content-type": Role.CONTENT_TYPE,
    "content-encoding": Role.CONTENT_ENCODING,
    "retry-after": Role.RETRY_AFTER,
    "x-litellm-response-cost": Role.LITELLM_COST,
    "set-cookie": Role.DROP,
    "www-authenticate": Role.DROP,
    "alt-svc": Role.DROP,
    "strict-transport-security": Role.DROP,
}
REMEMBERED = 512
"""Names kept per direction: callers may send any number of them."""


def request_role(name: bytes) -> Role:
    """What becomes of a caller's header: its credentials, cookies and routing hints in any spelling end here."""
    text = name.decode("latin-1").lower().replace("_", "-")
    known = _REQUEST.get(text)
    if known is not None:
        return known if name.lower() == text.encode() else Role.DROP
    if text in _NO_CREDENTIALS:
        return Role.FORWARD
    hidden = (
        text in _HOP_BY_HOP or text.startswith(_ROUTING_PREFIXES) or any(word in text for word in _CREDENTIAL_WORDS)
    )
    return Role.DROP if hidden else Role.FORWARD


def response_role(name: bytes) -> Role:
    """What becomes of an upstream's header."""
    text = name.decode("latin-1").lower()
    known = _RESPONSE.get(text)
    if known is not None:
        return known
    return Role.DROP if text in _HOP_BY_HOP or text.startswith("x-costtui") else Role.FORWARD


class RoleTable(dict[bytes, Role]):
    """Roles by a name's exact bytes; what is not remembered is judged anew."""

    def __init__(self, judge: Callable[[bytes], Role]) -> None:
        super().__init__()
        self._judge = judge

    def __missing__(self, name: bytes) -> Role:
        role = self._judge(name)
        if len(self) < REMEMBERED:
            self[name] = role
        return role


REQUEST_ROLES = RoleTable(request_role)
RESPONSE_ROLES = RoleTable(response_role)

# Python 3.11 looks a member up on its class with a function written in Python: 0.2 us, and there are many headers.
FORWARD, DROP = Role.FORWARD, Role.DROP
