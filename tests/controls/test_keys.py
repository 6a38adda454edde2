"""Gateway keys, and who makes changes."""

from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from costtui.controls.actor import actor_of
from costtui.controls.keys import add_key, revoke_key
from costtui.errors import UsageError
from costtui.store.controls import CONTROLS, ControlsStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlsStore]:
    """A fresh one."""
    with closing(ControlsStore.open(tmp_path)) as opened:
        yield opened


def test_a_key_is_known_by_its_hash_alone(store: ControlsStore, tmp_path: Path) -> None:
    key, secret = add_key(store, "team-a", "ana", 5)
    value = secret.reveal()
    assert value.startswith("ctk-")
    assert len(value) == 36
    assert store.state().keys == (key,)
    assert key.digest == sha256(value.encode()).digest()
    assert key.last_four == value[-4:]
    assert value.encode() not in (tmp_path / CONTROLS).read_bytes()
    assert value not in repr(key) + repr(secret) + repr(store.audit())


def test_no_two_keys_are_alike(store: ControlsStore) -> None:
    made = [add_key(store, f"k{number}", "ana", number) for number in range(20)]
    assert len({secret.reveal() for _, secret in made}) == 20
    assert len({key.key_id for key, _ in made}) == 20


@pytest.mark.parametrize("name", ["", "  ", "a\x1bb", "x" * 65, "ctk-abcdefghijklmnop"])
def test_what_is_no_name_is_refused_and_not_shown(store: ControlsStore, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        add_key(store, name, "ana", 5)
    assert not name.strip() or name not in str(caught.value)
    assert store.state().keys == ()


def test_a_key_is_revoked_by_name_or_id_and_its_name_is_free_again(store: ControlsStore) -> None:
    first, _ = add_key(store, "team-a", "ana", 5)
    revoke_key(store, "team-a", "ana", 6)
    second, _ = add_key(store, "team-a", "ana", 7)
    assert revoke_key(store, second.key_id, "ana", 8).name == "team-a"
    assert [key.revoked_ms for key in store.state().keys] == [6, 8]
    assert first.key_id != second.key_id
    with pytest.raises(UsageError, match="no key in use has this name; known: none"):
        revoke_key(store, "team-a", "ana", 9)


FILES = {
    "/auth": "publickey ssh-ed25519 AAAAkey2\n",
    "/home/ops/.ssh/authorized_keys": (
        "# AAAAkey2 not this line\n"
        "ssh-ed25519 AAAAkey1 bob@desk\n"
        'from="10.0.0.0/8" ssh-ed25519 AAAAkey2 ana\'s \x1b[1mlaptop\n'
    ),
}


@pytest.mark.parametrize(
    ("environ", "named", "actor"),
    [
        ({}, "", "ops"),
        ({}, "ana", "ops (ana)"),
        ({"SSH_USER_AUTH": "/auth", "HOME": "/home/ops"}, "", "ops (ana's [1mlaptop)"),
        # the key that was proven beats a name that anybody can type
        ({"SSH_USER_AUTH": "/auth", "HOME": "/home/ops"}, "bob", "ops (ana's [1mlaptop)"),
        ({"SSH_USER_AUTH": "/auth", "HOME": "/home/other"}, "", "ops"),
        ({"SSH_USER_AUTH": "/gone", "HOME": "/home/ops"}, "bob", "ops (bob)"),
    ],
)
def test_the_actor_is_the_login_with_the_keys_comment_or_a_name(
    environ: dict[str, str], named: str, actor: str
) -> None:
    assert actor_of("ops", environ, lambda path: FILES.get(path, ""), named) == actor
