"""Keys and prompts that went through the gateway are on no screen, in no export and in nothing that a command says."""

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from costtui.store.reader import TelemetryReader
from costtui.tui.app import CosttuiApp
from costtui.tui.archive import Archive
from costtui.tui.feed import StoreFeed
from costtui.tui.frame import text_of
from costtui.tui.helm import Helm
from costtui.tui.options import ScreenOptions
from tests.e2e.test_gateway_secrets import ANSWER, CONFIG, KEYS, requests
from tests.parts.provider import Provider, Script
from tests.parts.provider_gateway import GatewayProcess
from tests.parts.provider_wire import exchange

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faces-secrets")]
DEADLINE_SECONDS = 60
INLINE = "sk-canary-inline-7f3a9b2c4d5e6f70"
"""A key that somebody wrote into the configuration itself, where only a reference belongs."""
HIDDEN = re.compile(rb"canary|7f3a9b2c4d5e6f70|b81cd02f6e")
"""In every key and prompt; parts too, since columns cut."""
DEBUG = {"PYTHONASYNCIODEBUG": "1", "PYTHONDEVMODE": "1", "COSTTUI_DEBUG": "1", "SECOND_KEY": KEYS["env"]}
COMMANDS = (
    *("status", "status --json", "status --line", "status --check", "route list", "route list --json"),
    *("route show both", "route show both --json", "route shift both one=1 two=3", "route undo", "prices", "verify"),
    *("route shift both one=1 two=3 --yes --reason spread", "route drain one --yes --json", "key list", "doctor"),
    *(
        "report --json",
        "report --csv",
        *(f"report --by {by}" for by in ("route", "model", "provider", "key", "target")),
    ),
    *(f"report --by {by}" for by in ("kind", "provenance", "operation")),
    *("export csv", "export json", "export csv --raw", "export json --raw", "export prometheus"),
    *("agent status", "agent logs", "gateway status", "config check", "route show nothing", "prices gpt-5"),
)
SCREENS: dict[str, tuple[str, ...]] = {
    "overview": (),
    "gpus": ("2",),
    "routes": ("3", "j"),
    "spend by provider": ("4",),
    "spend by model": ("4", "g"),
    "spend by route": ("4", "g", "g"),
    "spend by key": ("4", "g", "g", "g"),
    "spend by kind": ("4", "g", "g", "g", "g"),
    "requests": ("7", "j", "enter", "j", "j", "enter"),
    "warnings": ("w",),
    "sources": ("i",),
    "help": ("question_mark",),
    "past": ("left_square_bracket",),
    "shift": ("s", "left"),
    "pin": ("p",),
    "drain": ("d",),
    "undo": ("u",),
}
SIZES = ((120, 40), (200, 60), (80, 24))


def began(argv: list[str], environ: dict[str, str], said: Path) -> "subprocess.Popen[bytes]":
    with said.open("ab") as file:
        return subprocess.Popen(argv, env=environ, stdin=subprocess.DEVNULL, stdout=file, stderr=file)


def ended(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait(DEADLINE_SECONDS)


def until_said(path: Path, pattern: bytes) -> bytes:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (found := re.search(pattern, path.read_bytes())) is None:
        assert time.monotonic() < deadline, path.read_text(errors="replace")
        time.sleep(0.02)
    return found.group(0)


class Host:
    """A gateway that carried the canaries, and every face of what came of it, by the face's name."""

    def __init__(self, folder: Path, gateway: GatewayProcess) -> None:
        self.folder = folder
        self.gateway = gateway
        self.faces: dict[str, bytes] = {}

    def argv(self, *words: str) -> list[str]:
        paths = ["--state-dir", str(self.gateway.state_dir), "--config", str(self.gateway.config)]
        return [sys.executable, "-m", "costtui", *paths, *words]

    def command(self, words: str) -> None:
        done = subprocess.run(
            self.argv(*words.split()),
            env=self.gateway.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=DEADLINE_SECONDS,
            check=False,
        )
        self.faces[f"costtui {words}"] = done.stdout + done.stderr

    def await_picture(self) -> None:
        """Until the agent tells of the gateway's requests."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        with contextlib.closing(TelemetryReader(self.gateway.state_dir)) as reader:
            while (stored := reader.status()) is None or not json.loads(stored.body).get("decisions"):
                assert time.monotonic() < deadline, "the agent tells of no request"
                time.sleep(0.05)

    def scrape(self) -> None:
        said = self.folder / "exporter.said"
        said.touch()
        exporter = began(self.argv("exporter", "--listen", "127.0.0.1:0"), self.gateway.environment, said)
        try:
            url = until_said(said, rb"http://\S+/metrics").decode()
            with urllib.request.urlopen(url, timeout=DEADLINE_SECONDS) as answer:
                self.faces["/metrics"] = answer.read()
        finally:
            ended(exporter)
        self.faces["what the exporter said"] = said.read_bytes()

    async def look(self, name: str, keys: tuple[str, ...], size: tuple[int, int]) -> None:
        """One screen: its text, its picture, and both as `S` saves them."""
        state_dir, saved = self.gateway.state_dir, self.folder / f"{name} {size[0]}"
        saved.mkdir()

        def clock() -> int:
            return time.time_ns() // 1_000_000

        helm, archive = Helm(state_dir, "ana", clock), Archive(state_dir, clock)
        with contextlib.closing(StoreFeed.open(state_dir)) as feed:
            app = CosttuiApp(feed, clock, ScreenOptions(save_to=saved), helm, archive)
            async with app.run_test(size=size) as pilot:
                await pilot.press(*keys)
                await pilot.pause()
                assert app.frame is not None
                where = f"screen {name} {size[0]}x{size[1]}"
                self.faces[where] = text_of(app.frame).encode()
                self.faces[f"{where} as SVG"] = app.export_screenshot(title="costtui").encode()
                if name not in ("shift", "pin", "drain"):
                    await pilot.press("S")
                    await pilot.pause()
                    assert len(list(saved.iterdir())) == 2
                for path in saved.iterdir():
                    self.faces[f"{where} saved as {path.suffix}"] = path.read_bytes()

    def mistaken(self) -> None:
        """What is said of a configuration with a key in the wrong place."""
        right = self.gateway.config.read_text()
        for name, wrong in {
            "key": right.replace('key = "env:SECOND_KEY"', f'key = "{INLINE}"'),
            "url": right.replace("http://", f"http://user:{INLINE}@"),
            "broken": right.replace('key = "env:SECOND_KEY"', f'key = "{INLINE}'),
        }.items():
            assert INLINE in wrong
            path = self.folder / f"{name}.toml"
            path.write_text(wrong)
            argv = [*self.argv()[:-1], str(path), "config", "check"]
            done = subprocess.run(
                argv, env=self.gateway.environment, capture_output=True, timeout=DEADLINE_SECONDS, check=False
            )
            assert done.returncode, name
            self.faces[f"what is said of a mistaken {name}"] = done.stdout + done.stderr


def carry(gateway: GatewayProcess, one: Provider, two: Provider) -> None:
    """Good, bad and broken requests, all with canaries in them."""
    for data in requests(gateway.key)[:12]:
        asyncio.run(exchange(gateway.port, data))
    said = json.dumps({"error": {"message": f"Incorrect API key provided: {KEYS['error']} {ANSWER}"}}).encode()
    one.play(Script(status=401, body=said), Script(status=500, body=said, close=True), Script(cut_after=200, cut="rst"))
    two.play(Script(status=500, body=said))
    for data in requests(gateway.key)[12:]:
        asyncio.run(exchange(gateway.port, data))
    gateway.rows(8)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("faces")
    key = folder / "upstream.key"
    key.write_text(KEYS["file"])
    key.chmod(0o600)
    with Provider() as one, Provider() as two:
        config = CONFIG.format(one=one.url, two=two.url, key=key)
        gateway = GatewayProcess(folder / "gateway", config, environment={**os.environ, **DEBUG})
        with gateway:
            carry(gateway, one, two)
            host = Host(folder, gateway)
            agent = began(host.argv("agent"), gateway.environment, folder / "agent.said")
            try:
                host.await_picture()
                for name, keys in SCREENS.items():
                    for size in SIZES:
                        asyncio.run(host.look(name, keys, size))
                for words in COMMANDS:
                    host.command(words)
                host.scrape()
                host.mistaken()
            finally:
                ended(agent)
            host.faces["what the agent said"] = (folder / "agent.said").read_bytes()
        yield host.faces


def test_no_face_shows_a_key_or_a_prompt(faces: dict[str, bytes]) -> None:
    assert {name: HIDDEN.findall(said) for name, said in faces.items() if HIDDEN.search(said)} == {}


def test_every_face_had_something_of_that_traffic_to_show(faces: dict[str, bytes]) -> None:
    for name in (
        *("screen requests 120x40", "screen routes 120x40", "screen shift 120x40 as SVG", "costtui report --by route"),
        *("costtui export csv --raw", "costtui export json", "costtui export prometheus", "/metrics"),
        *("costtui status --json", "costtui route shift both one=1 two=3 --yes --reason spread"),
    ):
        assert b"both" in faces[name], (name, faces[name])
    assert b"gpt-5" in faces["screen spend by model 120x40"]
    assert b"env:" in faces["what is said of a mistaken key"]
    assert len(faces) > len(SCREENS) * len(SIZES) * 3
