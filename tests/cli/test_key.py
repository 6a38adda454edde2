"""`costtui key`: made, shown once, listed without it, revoked."""

import json
import re
from hashlib import sha256

from tests.cli.shell import Shell

KEY = re.compile(r"ctk-[A-Za-z0-9_-]{32}\n")


def test_a_new_key_is_all_that_standard_output_holds(shell: Shell) -> None:
    said = shell("key", "add", "team-a")
    assert said.code == 0
    assert KEY.fullmatch(said.out)
    assert said.out.strip() not in said.err
    assert "only its hash is kept" in said.err


def test_the_list_tells_keys_apart_without_showing_them(shell: Shell) -> None:
    value = shell("key", "add", "team-a").out.strip()
    listed, as_json = shell("key"), shell("key", "list", "--json")
    assert "team-a" in listed.out
    assert f"…{value[-4:]}" in listed.out
    (key,) = json.loads(as_json.out)["keys"]
    assert (key["name"], key["last_four"], key["revoked_ms"]) == ("team-a", value[-4:], None)
    assert value not in listed.out + as_json.out


def test_no_file_holds_the_key_and_no_error_shows_it(shell: Shell) -> None:
    value = shell("key", "add", "team-a").out.strip()
    refused = [shell("key", "add", value), shell("key", "revoke", value), shell("key", value)]
    assert all(said.code == 64 for said in refused)
    assert not any(value in said.out + said.err for said in refused)
    for path in shell.state_dir.rglob("*"):
        if path.is_file():
            assert value.encode() not in path.read_bytes(), path
    assert any(sha256(value.encode()).digest() in path.read_bytes() for path in shell.state_dir.iterdir())


def test_a_revoked_key_stays_in_the_list_and_its_name_is_free(shell: Shell) -> None:
    shell("key", "add", "team-a")
    assert "is revoked" in shell("key", "revoke", "team-a").out
    assert "revoked" in shell("key").out
    assert shell("key", "add", "team-a").code == 0
    again = shell("key", "add", "team-a")
    assert again.code == 74
    assert "in use" in again.err


def test_without_keys_it_says_how_to_make_one(shell: Shell) -> None:
    assert shell("key").out == "no keys: `costtui key add NAME` makes one\n"


def test_a_name_that_is_missing_or_unknown_is_said(shell: Shell) -> None:
    assert "key add: needs a name" in shell("key", "add").err
    assert "no key in use has this name; known: none" in shell("key", "revoke", "x").err
    assert "did you mean 'revoke'?" in shell("key", "revok", "x").err
