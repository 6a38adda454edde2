"""Gateway keys: made here, shown once, kept as a hash."""

import secrets
from hashlib import sha256

from costtui.domain.clean import clean
from costtui.domain.control import GatewayKey
from costtui.domain.secret import Secret
from costtui.errors import UsageError
from costtui.store.controls import ControlsStore

PREFIX = "ctk-"
RANDOM_BYTES = 24
"""32 characters that need no escaping anywhere: 192 bits."""
LONGEST_NAME = 64


def add_key(store: ControlsStore, name: str, actor: str, now_ms: int) -> tuple[GatewayKey, Secret]:
    """A new key; its value is in the Secret and nowhere else. Raises UsageError for what is no name, KeyNameTaken."""
    if not name.strip() or clean(name, LONGEST_NAME) != name or looks_like_key(name):
        raise UsageError(f"key: a name has 1 to {LONGEST_NAME} printable characters and is not the key itself")
    value = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    key = GatewayKey(
        key_id=f"k-{secrets.token_hex(4)}",
        name=name,
        digest=sha256(value.encode()).digest(),
        created_ms=now_ms,
        last_four=value[-4:],
    )
    store.add_key(key, actor)
    return key, Secret(value)


def revoke_key(store: ControlsStore, name: str, actor: str, now_ms: int) -> GatewayKey:
    """End the key in use of this name, or with this id. Raises UsageError where there is none."""
    used = [key for key in store.state().keys if key.revoked_ms is None]
    found = next((key for key in used if name in (key.name, key.key_id)), None)
    if found is None:
        known = ", ".join(clean(key.name) for key in used)
        raise UsageError(f"key: no key in use has this name; known: {known or 'none'}")
    store.revoke_key(found, actor, now_ms)
    return found


def looks_like_key(text: str) -> bool:
    """Whether somebody wrote a key where a name belongs; it is then not shown."""
    return text.startswith(PREFIX) or len(text) > LONGEST_NAME
