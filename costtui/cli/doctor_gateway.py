"""What the doctor knows about the gateway: its address, who may call it, and whether each target can be called."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from costtui.cli.acted import gateway_picture
from costtui.cli.finding import Finding
from costtui.config.model import Config, Target
from costtui.config.providers import provider_url
from costtui.errors import StoreError
from costtui.store.controls import CONTROLS, ControlsStore


def gateway(config: Config, state_dir: Path, at_ms: int) -> Iterator[Finding]:
    """Every finding; nothing is started, made or called. Keys of targets are among the secrets."""
    yield _address(config, state_dir, at_ms)
    yield _keys(config, state_dir)
    for target in config.targets:
        yield from _target(target)


def _address(config: Config, state_dir: Path, at_ms: int) -> Finding:
    listen = config.gateway.listen
    picture = gateway_picture(state_dir, at_ms)
    if picture is not None:
        serving = str(picture.get("listen", "?"))
        if serving == listen:
            return Finding("gateway", "ok", f"serves on {listen} (pid {picture.get('pid', '?')})")
        text = f"serves on {serving}, while the configuration says {listen}"
        return Finding("gateway", "problem", text, "`costtui gateway restart`")
    fault = _bind_fault(listen)
    if fault:
        return Finding("gateway", "problem", f"gateway.listen {listen}: {fault}", "choose another address or port")
    return Finding("gateway", "note", f"no gateway runs; {listen} is free for it", "`costtui gateway start`")


def _bind_fault(listen: str) -> str:
    """Why the address cannot be listened on; empty where it can. Nothing is listened on."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, int(port)))
        except OSError as error:
            return (error.strerror or "cannot be used").lower()
    return ""


def _keys(config: Config, state_dir: Path) -> Finding:
    if config.gateway.clients == "same-uid":
        return Finding("gateway", "ok", "needs no key: only this user's own processes may call it")
    remedy = "`costtui key add NAME`"
    if not (state_dir / CONTROLS).exists():
        return Finding("gateway", "note", "no gateway key exists, so nobody can call it", remedy)
    try:
        with closing(ControlsStore.open(state_dir)) as store:
            used = [key.name for key in store.state().keys if key.revoked_ms is None]
    except StoreError as error:
        return Finding("gateway", "problem", str(error), "see the message")
    if not used:
        return Finding("gateway", "note", "every gateway key is revoked, so nobody can call it", remedy)
    return Finding("gateway", "ok", f"keys in use: {', '.join(used)}")


def _target(target: Target) -> Iterator[Finding]:
    if not (target.url or provider_url(target)):
        text = f"target {target.name} has no address, so that the gateway cannot send there"
        yield Finding("gateway", "note", text, f'give target {target.name} its `url = "https://..."`')
    if target.ca is not None and not target.ca.is_file():
        text = f"target {target.name}: no certificates at {target.ca}"
        yield Finding("gateway", "problem", text, "put the file there, or correct `ca`")
