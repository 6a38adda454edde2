"""Which hosts and web pages may call, by the configuration in force."""

from costtui.config.model import Gateway
from costtui.dialects.refusals import Refusal
from costtui.gateway.headers import Role

LOOPBACK_NAMES = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})


class Judging:
    """The rules for a request's head."""

    def __init__(self, limits: Gateway) -> None:
        self._origins = frozenset(origin.encode() for origin in limits.origins)
        listening = limits.listen.rpartition(":")[0].encode()
        self._names = LOOPBACK_NAMES | {listening} | {name.lower().encode() for name in limits.hosts}
        self.max_body_bytes = limits.max_body_bytes

    def host_fault(self, host: bytes) -> Refusal | None:
        """A page on another name that resolves to this address is refused by the name in its Host header."""
        name, colon, port = host.rpartition(b":")
        if not (colon and port.isdigit()):
            name = host
        if name.lower() in self._names:
            return None
        message = "this Host is not one of the gateway's; list it in gateway.hosts if it should be"
        return Refusal(421, message, "host_refused")

    def page_fault(self, role: Role, value: bytes) -> Refusal | None:
        """Whether a web page may call: by its Origin, or by what its browser says of where the call comes from."""
        if role is Role.ORIGIN:
            allowed = value in self._origins
        else:
            allowed = value in (b"none", b"same-origin") or bool(self._origins)
        message = "requests from web pages are refused; list the page in gateway.origins if it may call"
        return None if allowed else Refusal(403, message, "origin_refused")

    def too_large(self) -> Refusal:
        """The body is over the limit."""
        return Refusal(
            413, f"the body is larger than {self.max_body_bytes} bytes (gateway.max_body_mib)", "body_too_large"
        )
