"""The configuration that `costtui init` proposes. What it cannot know waits in lines that begin with `#` alone."""

import json
import re
from collections.abc import Iterator
from datetime import date

from costtui.cli.found import KEYS, Found, ServedEngine
from costtui.domain.clean import clean
from costtui.rates.table import listed_for

HEAD = """\
# costtui: written by `costtui init` on {day} from what it found on this host.
#
# A line that begins with "# " explains; one that begins with "#" and no blank is a setting that waits for you:
# correct it, take the # away. `costtui config check` names every mistake; a saved edit applies within seconds.
# Keys never stand here: "env:NAME", "file:PATH" (mode 0600) and "keyring:NAME" say where one is kept.
"""
BUDGETS = """\
# --- Limits: what may be spent; rent and power can only warn ---
#[budgets]
#month = { covers = ["gpu", "power"], window = "month", limit_usd = 10000, at_limit = "warn" }

# --- Messages: one when something starts, one when it ends; try `costtui alert test` ---
#[alerts]
#gpu_idle = "2h"
#webhook = "file:~/.config/costtui/keys/webhook-url"
"""
NAME_LENGTH = 32


def proposal(found: Found, day: date) -> str:
    """The whole file; it loads as it is, whatever GPUs and engines call themselves."""
    parts = [
        HEAD.format(day=day),
        *_host(found),
        "",
        *_gpus(found, day),
        "",
        *_targets(found),
        "",
        *_routes(found),
        "",
        BUDGETS,
    ]
    return "\n".join(parts)


def quoted(text: str) -> str:
    """A TOML string; JSON's escapes are a part of TOML's, and what JSON leaves alone `clean` has dropped."""
    return json.dumps(clean(text), ensure_ascii=False)


def _host(found: Found) -> Iterator[str]:
    yield "[host]"
    if clean(found.host).strip():
        yield f"#name = {quoted(found.host)}"
    if found.zone is None:
        yield "# This host's time zone could not be told; days and months are those of UTC until it is set."
        yield '#timezone = "Europe/Berlin"'
    else:
        yield f"timezone = {quoted(found.zone)}    # decides when a day and a month begin"


def _gpus(found: Found, day: date) -> Iterator[str]:
    yield "# --- What the GPUs cost ---"
    names = [gpu.name for gpu in found.sweep.gpus if clean(gpu.name).strip()]
    if not names:
        problem = found.sweep.problem
        yield f"# No GPU could be read: {clean(problem.reason) if problem else 'the driver shows none'}."
        yield from _rule("H100", day, "2.50", "an example")
        return
    yield "# Until your contract stands here, a dated list price is used and marked as such on the screen."
    for name in sorted(set(names), key=lambda name: (-len(name), name)):
        listed = listed_for(name)
        yield f"# {names.count(name)} x {clean(name)}"
        if listed is None or listed.usd_per_gpu_hour is None:
            yield from _rule(name, day, "1.00", "no list price is known: this number is only an example")
        else:
            yield from _rule(name, day, f"{listed.usd_per_gpu_hour:f}", f"{listed.note}: replace it by your contract")


def _rule(name: str, day: date, usd: str, why: str) -> Iterator[str]:
    yield "#[[gpus]]"
    yield f"#match = {quoted(name)}"
    yield f"#rates = [{{ from = {day}, usd_per_gpu_hour = {usd} }}]    # {clean(why)}"
    yield '#power = "in-rent"    # or { usd_per_kwh = 0.12, pue = 1.3 } where you pay for electricity'


def _targets(found: Found) -> Iterator[str]:
    yield "# --- Where requests can go ---"
    if not found.engines:
        yield "# No inference engine answered on this host's ports. One that is started later is added like this:"
        yield "#[targets]"
        yield '#llama = { engine = "vllm", url = "http://127.0.0.1:8000/v1", gpus = [0] }'
    else:
        yield "[targets]"
        yield from _engines(found.engines)
    if found.keys:
        yield "# Keys of these providers are set where `costtui init` ran; name the model that you use:"
    for name in found.keys:
        yield f'#api-{KEYS[name]} = {{ provider = "{KEYS[name]}", model = "MODEL", key = "env:{name}" }}'


def _engines(engines: tuple[ServedEngine, ...]) -> Iterator[str]:
    for name, served in zip(_names(engines), engines, strict=True):
        engine = served.engine
        fields = [f'engine = "{engine.kind}"', f'url = "{engine.url}"']
        if engine.model and clean(engine.model).strip():
            fields.append(f"model = {quoted(engine.model)}")
        if served.gpus is not None:
            fields.append(f"gpus = {list(served.gpus)}")
        else:
            yield "# Its GPUs could not be seen from here; say them, `gpus = [0, 1]`, or it is never called idle:"
        yield f"{name} = {{ {', '.join(fields)} }}"


def _routes(found: Found) -> Iterator[str]:
    """A route to the first engine: whether another one answers as well is for the user to say."""
    yield "# --- Which of them serve what clients ask for: to list a target is to call its answers good enough ---"
    first = next(iter(_names(found.engines)), None)
    apis = [f'"api-{KEYS[name]}"' for name in found.keys]
    mark, target = ("", first) if first is not None else ("#", "llama")
    yield f'{mark}[routes.chat]    # clients ask for the model "chat"'
    yield f'{mark}strategy = "idle-first"'
    also = f"    # then, for instance: {', '.join(apis)}" if apis else ""
    yield f'{mark}targets = ["{target}"]{also}'


def _names(engines: tuple[ServedEngine, ...]) -> list[str]:
    taken: set[str] = set()
    return [_free(_slug(served.engine.model or "") or served.engine.kind, taken) for served in engines]


def _slug(model: str) -> str:
    """`meta-llama/Llama-3.3-70B` as `llama-3-3-70b`: a bare TOML key."""
    return re.sub(r"[^a-z0-9]+", "-", model.rsplit("/", 1)[-1].lower())[:NAME_LENGTH].strip("-")


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(free)
    return free
