"""Secrets are fetched by reference, and nothing but their holder ever shows them."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from costtui.config.load import load_bytes
from costtui.config.secrets import references, resolve
from costtui.domain.secret import SecretRef
from costtui.errors import SourceError

CANARY = "sk-canary-4f9a77c1d2e3"


def key_file(folder: Path, text: str = CANARY + "\n", mode: int = 0o600) -> SecretRef:
    path = folder / "key"
    path.write_text(text)
    path.chmod(mode)
    return SecretRef("file", str(path))


def refusal(ref: SecretRef, environ: dict[str, str] | None = None) -> SourceError:
    with pytest.raises(SourceError) as caught:
        resolve(ref, environ or {})
    assert CANARY not in str(caught.value)
    assert caught.value.remedy
    return caught.value


def test_a_private_file_gives_its_only_line(tmp_path: Path) -> None:
    assert resolve(key_file(tmp_path), {}).reveal() == CANARY


def test_a_tilde_means_the_home_of_the_environment_given(tmp_path: Path) -> None:
    key_file(tmp_path)
    assert resolve(SecretRef("file", "~/key"), {"HOME": str(tmp_path)}).reveal() == CANARY


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_file_that_others_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    error = refusal(key_file(tmp_path, mode=mode))
    assert "can be read by others" in error.reason
    assert "chmod 600" in error.remedy


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(SecretRef("file", str(tmp_path / "none"))).reason
    refusal(SecretRef("file", str(tmp_path)))


@pytest.mark.parametrize("text", ["", "\n", f"{CANARY}\n{CANARY}\n", f"key {CANARY}", f"{CANARY}\u00e9"])
def test_a_file_with_anything_but_one_word_is_refused(tmp_path: Path, text: str) -> None:
    refusal(key_file(tmp_path, text))


def test_a_variable_gives_its_value_or_says_that_it_is_not_set() -> None:
    assert resolve(SecretRef("env", "NOVITA"), {"NOVITA": CANARY}).reveal() == CANARY
    assert "not set" in refusal(SecretRef("env", "NOVITA")).reason


def test_without_the_keyring_package_the_error_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "needs the package keyring" in refusal(SecretRef("keyring", "novita")).reason


def test_a_keyring_gives_its_entry_and_a_locked_one_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class KeyringError(Exception):
        pass

    def get_password(service: str, name: str) -> str | None:
        if name == "locked":
            raise KeyringError(CANARY)
        return CANARY if (service, name) == ("costtui", "novita") else None

    fake = ModuleType("keyring")
    fake.__dict__.update(get_password=get_password, errors=SimpleNamespace(KeyringError=KeyringError))
    monkeypatch.setitem(sys.modules, "keyring", fake)
    assert resolve(SecretRef("keyring", "novita"), {}).reveal() == CANARY
    assert "locked" in refusal(SecretRef("keyring", "locked")).reason
    assert "not set" in refusal(SecretRef("keyring", "other")).reason


def test_every_reference_of_a_configuration_is_listed_once() -> None:
    body = (Path(__file__).parents[2] / "config.example.toml").read_bytes()
    names = [str(ref) for ref in references(load_bytes(Path("c.toml"), body, 0))]
    assert len(names) == len(set(names))
    assert {"env:GMI_API_KEY", "keyring:huggingface", "file:~/.config/costtui/keys/slack-url"} <= set(names)
