"""The demo's configuration, written for one run: its engines, API providers, routes, prices and budgets."""

import secrets
import socket
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from costtui.demo.apis import APIS, CLASSES, SimulatedApi, TrafficClass
from costtui.demo.bills import BILLED, PROJECT
from costtui.demo.bills import KEY_PREFIX as BILLS_PREFIX
from costtui.demo.host import ENGINES, USD_PER_GPU_HOUR, SimulatedEngine
from costtui.demo.providers import KEY_PREFIX
from costtui.domain.price import TokenPrice

CONFIG = """\
# Written by `costtui demo`: a simulated host.
[host]
name = "demo"
timezone = "UTC"

[[gpus]]
match = "*"
rates = [{{ from = {begins}, usd_per_gpu_hour = {rent} }}]
power = {{ usd_per_kwh = 0.12, pue = 1.3 }}

[targets]
{targets}
[routes]
{routes}
[prices]
{prices}
[gateway]
listen = "{listen}"
drain_seconds = 1

[budgets]
today = {{ covers = ["gpu", "power", "api"], window = "day", limit_usd = 640, at_limit = "warn" }}
month = {{ covers = ["gpu", "power"], window = "month", limit_usd = 15000, at_limit = "warn" }}
api = {{ covers = ["api"], window = "day", limit_usd = 150, at_limit = "self-hosted-only", unbounded = "bound" }}

[billing]
{billing}
[finance]
gpu_host = "demo-cloud"
teams = {{ product = ["key:demo", "user:serve"], research = ["user:alice"] }}

[alerts]
gpu_idle = "2h"
"""
KEYS = "keys"
_RATES = ("input", "output", "cached_input", "cache_write", "cache_write_1h")


def write_config(folder: Path, host: Mapping[str, Any], begins_ms: int) -> Path:
    """config.toml and the providers' keys, each readable by its owner alone.

    `host` is what the simulated host says of itself.
    """
    begins = datetime.fromtimestamp(begins_ms / 1000, UTC).date().isoformat()
    urls = {each["name"]: each["url"] for each in (*host["engines"], *host["apis"])}
    targets = [_engine(engine, urls[engine.name]) for engine in ENGINES]
    targets += [_api(api, urls[api.name], _key(folder, api.name, KEY_PREFIX)) for api in APIS]
    text = CONFIG.format(
        begins=begins,
        rent=USD_PER_GPU_HOUR,
        targets="".join(targets),
        routes="".join(_route(each) for each in CLASSES),
        prices="".join(_price(api.price, begins) for api in APIS),
        billing="".join(_billed(folder, api, urls[api.name]) for api in APIS if api.provider in BILLED),
        listen=f"127.0.0.1:{_free_port()}",
    )
    return _private(folder / "config.toml", text)


def gateway_url(config: Path) -> str:
    """Where the configuration lets the gateway listen."""
    line = next(line for line in config.read_text().splitlines() if line.startswith("listen = "))
    return f"http://{line.partition(chr(34))[2].rstrip(chr(34))}"


def _engine(engine: SimulatedEngine, url: str) -> str:
    return (
        f'{engine.name} = {{ engine = "vllm", url = "{url}", model = "{engine.model}", dialect = "openai",'
        f" gpus = {list(engine.gpus)}, capacity_output_tokens_per_second = {engine.decode_tokens_per_second} }}\n"
    )


def _api(api: SimulatedApi, url: str, key: Path) -> str:
    return (
        f'{api.name} = {{ provider = "{api.provider}", url = "{url}", model = "{api.model}",'
        f' dialect = "{api.dialect}", key = "file:{key}" }}\n'
    )


def _route(each: TrafficClass) -> str:
    names = [f'"{name}"' for name, _ in each.weights]
    fields = [f'strategy = "{each.strategy}"', f"targets = [{', '.join(names)}]"]
    if each.strategy == "weighted":
        fields.append(f"weights = {{ {', '.join(f'{name} = {share}' for name, share in each.weights)} }}")
    if each.boundary:
        fields.append(f"boundary = [{', '.join(names)}]")
    return f"{each.route} = {{ {', '.join(fields)} }}\n"


def _price(price: TokenPrice, begins: str) -> str:
    stated = {field.name: getattr(price, field.name) for field in fields(price) if field.name in _RATES}
    rates = ", ".join(f"{kind} = {usd:f}" for kind, usd in stated.items() if isinstance(usd, Decimal))
    return f"{price.provider} = [{{ from = {begins}, {rates} }}]\n"


def _billed(folder: Path, api: SimulatedApi, url: str) -> str:
    part = f'projects = ["{PROJECT}"], ' if api.provider == "openai" else ""
    key = _key(folder, f"{api.provider}-bills", BILLS_PREFIX)
    return f'{api.provider} = {{ key = "file:{key}", {part}url = "{url.removesuffix("/v1")}" }}\n'


def _key(folder: Path, name: str, prefix: str) -> Path:
    """The key of a kept store stays."""
    keys = folder.absolute() / KEYS
    keys.mkdir(mode=0o700, exist_ok=True)
    path = keys / f"{name}.key"
    return path if path.exists() else _private(path, prefix + secrets.token_hex(16) + "\n")


def _private(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)
    return path


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
