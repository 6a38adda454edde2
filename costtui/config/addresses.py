"""Which URLs and secret references a configuration may hold."""

import ipaddress
from urllib.parse import urlsplit

from costtui.config.table import Table, looks_secret
from costtui.domain.secret import SecretRef

_METADATA = (ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fe80::/10"))
_METADATA_HOSTS = (ipaddress.ip_address("fd00:ec2::254"),)
HOW = 'write "file:PATH" (mode 0600), "env:NAME" or "keyring:NAME"'


def read_url(table: Table, key: str) -> str | None:
    """An http or https URL without credentials that is no metadata service and no wildcard."""
    text = table.text(key)
    if text is None:
        return None
    fault = url_fault(text)
    if fault:
        table.wrong(key, f"{fault}: %", text)
        return None
    return text


def read_proxy(table: Table, key: str) -> str | None:
    """The address of an HTTP proxy: scheme, host and port alone."""
    text = table.text(key)
    if text is None:
        return None
    parts = urlsplit(text) if not (fault := url_fault(text)) else None
    if parts is None:
        fault = "holds a user or password, which would stand in this file" if "@" in text else fault
    elif parts.scheme != "http":
        fault = "must start with http:// (the way to the target stays encrypted inside it)"
    elif parts.path.strip("/"):
        fault = "must be host and port alone"
    if fault:
        table.wrong(key, f"{fault}: %", text)
        return None
    return text


def url_fault(text: str) -> str:
    """What is wrong with an address; empty when nothing is."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in ("http", "https") or not host or port == 0:
        return "must start with http:// or https:// and name a host"
    if "@" in parts.netloc:
        return "holds a user or password; use `key` with a reference"
    if (
        parts.query
        or parts.fragment
        or any(letter.isspace() or not letter.isascii() for letter in text)
        or "\\" in text
    ):
        return "must be plain ASCII without spaces, query or fragment"
    return _host_fault(host)


def _host_fault(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        last = host.rstrip(".").rpartition(".")[2]
        numeric = last.isdecimal() or last.startswith("0x")
        return "writes its IP address in an unusual way; use four plain numbers" if numeric else ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address in network for network in _METADATA) or address in _METADATA_HOSTS:
        return "is a link-local address, where clouds keep credentials"
    if address.is_unspecified or address.is_multicast:
        return "is no address that a server can have; use 127.0.0.1"
    return ""


def read_secret(table: Table, key: str) -> SecretRef | None:
    """A reference. A literal is refused without being shown."""
    value = table.take(key)
    if value is None:
        return None
    kind, colon, where = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not colon or not where or not where.isprintable() or len(where) > 1000:
        table.wrong(key, f"must be a reference to a secret, not the secret itself (not shown); {HOW}")
        return None
    if kind == "file":
        if not where.startswith(("/", "~/")):
            table.wrong(key, "file: needs an absolute path or one that starts with ~/")
        return SecretRef("file", where)
    if kind == "env":
        if not (where.isidentifier() and where.isascii()) or looks_secret(where):
            table.wrong(key, "env: needs the name of a variable, not its value (not shown)")
        return SecretRef("env", where)
    if kind == "keyring":
        return SecretRef("keyring", where)
    table.wrong(key, f"must be a reference to a secret, not the secret itself (not shown); {HOW}")
    return None
