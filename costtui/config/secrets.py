"""Secrets are fetched by reference at the moment they are needed, and kept nowhere."""

import importlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from costtui.config.model import Config
from costtui.domain.clean import clean
from costtui.domain.secret import Secret, SecretRef
from costtui.errors import SourceError

SECRET_BYTES = 16 * 1024
KEYRING_SERVICE = "costtui"


def resolve(ref: SecretRef, environ: Mapping[str, str]) -> Secret:
    """The value behind a reference. Raises SourceError naming the reference and the remedy, never the value."""
    if ref.kind == "file":
        return _from_file(ref, environ)
    if ref.kind == "keyring":
        return _from_keyring(ref)
    return _value(environ.get(ref.where, ""), ref, f"set {clean(ref.where)} for this process")


def _from_file(ref: SecretRef, environ: Mapping[str, str]) -> Secret:
    path = Path(ref.where)
    if ref.where.startswith("~/"):
        path = Path(environ.get("HOME", "/")) / ref.where[2:]
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno())
            if not stat.S_ISREG(mode.st_mode):
                raise SourceError(f"{ref} is not a regular file", "name a file that holds only the key")
            if mode.st_mode & 0o077:
                raise SourceError(f"{ref} can be read by others", f"chmod 600 {clean(str(path))}")
            body = file.read(SECRET_BYTES)
    except OSError as error:
        raise SourceError(f"{ref} cannot be read ({error.strerror})", "write the key into it, mode 0600") from None
    return _value(body.decode(errors="replace"), ref, "write the key into it, on one line")


def _from_keyring(ref: SecretRef) -> Secret:
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        raise SourceError(f"{ref} needs the package keyring", "pip install keyring, or use file: instead") from None
    try:
        value = keyring.get_password(KEYRING_SERVICE, ref.where)
    except keyring.errors.KeyringError:
        raise SourceError(f"{ref} cannot be read: the keyring is locked or absent", "unlock it, or use file:") from None
    return _value(value or "", ref, f"keyring set {KEYRING_SERVICE} {clean(ref.where)}")


def _value(text: str, ref: SecretRef, remedy: str) -> Secret:
    value = text.strip()
    if not value:
        raise SourceError(f"{ref} is empty or not set", remedy)
    if not value.isprintable() or not value.isascii() or " " in value:
        raise SourceError(f"{ref} holds more than one line or word", "leave the key alone in it")
    return Secret(value)


def references(config: Config) -> tuple[SecretRef, ...]:
    """Every secret that a configuration names, once."""
    bills = [key for bill in config.billing for key in (bill.key, bill.control_key)]
    found = [target.key for target in config.targets] + bills + [config.alerts.webhook]
    return tuple(dict.fromkeys(ref for ref in found if ref is not None))
