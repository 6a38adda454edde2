"""What the doctor says about the gateway."""

import json
import socket
from contextlib import closing
from pathlib import Path

from costtui.cli.acted import PICTURE
from costtui.cli.doctor_gateway import gateway
from costtui.config.model import Config, Gateway, Target
from costtui.controls.keys import add_key, revoke_key
from costtui.store.controls import CONTROLS, ControlsStore

NOW = 10_000


def found(config: Config, state_dir: Path) -> list[tuple[str, str]]:
    """Level and text of each finding."""
    return [(finding.level, finding.text) for finding in gateway(config, state_dir, NOW)]


def test_without_a_gateway_it_looks_and_makes_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        levels = found(Config(gateway=Gateway(listen)), tmp_path)
    assert levels[0] == ("problem", f"gateway.listen {listen}: address already in use")
    assert levels[1] == ("note", "no gateway key exists, so nobody can call it")
    assert not (tmp_path / CONTROLS).exists()


def test_a_free_address_is_said_to_be_free(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{probe.getsockname()[1]}"
    assert found(Config(gateway=Gateway(listen)), tmp_path)[0] == ("note", f"no gateway runs; {listen} is free for it")


def test_a_gateway_on_another_address_than_the_configurations_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / PICTURE).write_text(json.dumps({"at_ms": NOW, "listen": "127.0.0.1:4100", "pid": 7}))
    assert found(Config(), tmp_path)[0] == ("ok", "serves on 127.0.0.1:4100 (pid 7)")
    moved = found(Config(gateway=Gateway("127.0.0.1:4200")), tmp_path)[0]
    assert moved == ("problem", "serves on 127.0.0.1:4100, while the configuration says 127.0.0.1:4200")


def test_keys_in_use_are_named_and_revoked_ones_do_not_count(tmp_path: Path) -> None:
    with closing(ControlsStore.open(tmp_path)) as store:
        add_key(store, "team-a", "ana", 1)
        assert ("ok", "keys in use: team-a") in found(Config(), tmp_path)
        revoke_key(store, "team-a", "ana", 2)
    assert ("note", "every gateway key is revoked, so nobody can call it") in found(Config(), tmp_path)
    same_uid = Config(gateway=Gateway(clients="same-uid"))
    assert ("ok", "needs no key: only this user's own processes may call it") in found(same_uid, tmp_path)


def test_a_damaged_controls_file_is_a_problem_and_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / CONTROLS).write_bytes(b"garbage " * 1000)
    assert any(level == "problem" and "damaged" in text for level, text in found(Config(), tmp_path))


def test_targets_that_cannot_be_called_are_named(tmp_path: Path) -> None:
    config = Config(
        targets=(
            Target("hf", provider="huggingface", endpoint="acme/x"),
            Target("gpt", provider="openai", model="m", ca=tmp_path / "gone.pem"),
            Target("llama", engine="vllm", url="http://127.0.0.1:1/v1"),
        )
    )
    assert found(config, tmp_path)[2:] == [
        ("note", "target hf has no address, so that the gateway cannot send there"),
        ("problem", f"target gpt: no certificates at {tmp_path / 'gone.pem'}"),
    ]
