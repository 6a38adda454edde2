"""`costtui status --hosts a,b,c`: other hosts' pictures over ssh, added up. An unreachable host is unknown, not 0."""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Timer
from typing import Any

from costtui.cli.check import OK, OVER, UNKNOWN, exit_code
from costtui.cli.given import Given
from costtui.domain.clean import clean
from costtui.errors import UsageError
from costtui.report.words import money

HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:-]{0,252}")
SSH = ("ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5")
TIMEOUT_SECONDS = 20
LIMIT_BYTES = 4 * 2**20
SAID_BYTES = 65_536
MOST_USD = 10**12
FINEST = -30
"""Decimal places; a few letters such as 1e-999999999 would otherwise print as a gigabyte."""
PARTS = ("gpu_usd_per_hour", "power_usd_per_hour", "api_usd_per_hour", "idle_usd_per_hour", "total_usd_per_hour")

Answer = tuple[str, dict[str, Any] | None, str]
"""Host, its picture, and why there is none."""


def run_hosts(text: str, given: Given, flags: set[str]) -> int:
    """Ask all hosts at once and print one table, or one JSON object."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if not HOST.fullmatch(name):
            raise UsageError(f"--hosts: {clean(name, 40)!r} is not a host name")
    if not names:
        raise UsageError("--hosts needs names: --hosts gpu-01,gpu-02")
    with ThreadPoolExecutor(min(len(names), 16)) as pool:
        answers = list(pool.map(ask, names))
    sys.stdout.write((_json(answers) if "--json" in flags else _table(answers, ascii_only=given.ascii_only)) + "\n")
    return _worst(answers) if "--check" in flags else 0


def ask(host: str) -> Answer:
    """One host's picture."""
    try:
        code, body, said = _run([*SSH, "--", host, "costtui status --json"])
    except OSError as error:
        return host, None, clean(f"ssh: {error}")
    if len(body) > LIMIT_BYTES:
        return host, None, f"its answer is longer than {LIMIT_BYTES >> 20} MiB"
    if code != 0:
        lines = said.decode(errors="replace").strip().splitlines()
        return host, None, clean(lines[-1] if lines else f"ssh ended with {code}")
    try:
        return host, _checked(body), ""
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as error:
        return host, None, clean(f"its answer is no status: {error}")


def _run(command: list[str]) -> tuple[int, bytes, bytes]:
    """Exit code, standard output and error; never more than the limit in memory, never longer than the time-out."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        end = Timer(TIMEOUT_SECONDS, child.kill)
        end.start()
        try:
            body = child.stdout.read(LIMIT_BYTES + 1) if child.stdout else b""
            if len(body) > LIMIT_BYTES:
                child.kill()
            said = child.stderr.read(SAID_BYTES) if child.stderr else b""
            return child.wait(), body, said
        finally:
            end.cancel()
            child.kill()


def _checked(body: bytes) -> dict[str, Any]:
    """The parts of a remote picture that are used here, each of the type it must have."""
    raw = json.loads(body, parse_float=Decimal, parse_constant=_refuse)
    if not str(raw["schema"]).startswith("costtui.status/1"):
        raise ValueError(f"schema {raw['schema']}")
    return {
        "agent": {"state": clean(str(raw["agent"]["state"]), 20)},
        "burn": {name: _amount(raw["burn"][name]) for name in PARTS},
        "gpus": [{"index": int(gpu["index"]), "state": clean(str(gpu["state"]), 20)} for gpu in raw["gpus"]],
        "budgets": [
            {"state": clean(str(each["state"]), 20), "runs_out_at": each.get("runs_out_at") and "soon"}
            for each in raw["budgets"]
        ],
        "warnings": [
            {"level": clean(str(each["level"]), 20), "text": clean(str(each["text"]))} for each in raw["warnings"]
        ],
        "unknown": [clean(str(name), 40) for name in raw["unknown"]],
    }


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not an amount")


def _amount(value: object) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError(f"{value!r} is not an amount")
    amount = Decimal(value)
    if abs(amount) > MOST_USD or int(amount.as_tuple().exponent) < FINEST:
        raise ValueError("an amount is beyond what a host can cost")
    return amount


def totals(answers: list[Answer]) -> tuple[dict[str, Decimal | None], list[str]]:
    """Sums of what is known, and the names of what is not: `gpu-02`, `gpu-01:api`."""
    unknown = [host for host, picture, _ in answers if picture is None]
    unknown += [f"{host}:{name}" for host, picture, _ in answers if picture for name in picture["unknown"]]
    sums: dict[str, Decimal | None] = {}
    for part in PARTS:
        known = [picture["burn"][part] for _, picture, _ in answers if picture and picture["burn"][part] is not None]
        sums[part] = sum(known, Decimal(0)) if known else None
    return sums, unknown


def _json(answers: list[Answer]) -> str:
    sums, unknown = totals(answers)
    burn = ",".join(f'"{name}":{"null" if value is None else format(value, "f")}' for name, value in sums.items())
    hosts = ",".join(_host_json(*answer) for answer in answers)
    return f'{{"schema":"costtui.hosts/1","burn":{{{burn}}},"unknown":{json.dumps(unknown)},"hosts":[{hosts}]}}'


def _host_json(host: str, picture: dict[str, Any] | None, error: str) -> str:
    if picture is None:
        return json.dumps({"host": host, "status": None, "error": error})
    burn = ",".join(
        f'"{name}":{"null" if value is None else format(value, "f")}' for name, value in picture["burn"].items()
    )
    rest = json.dumps({name: value for name, value in picture.items() if name != "burn"})
    return f'{{"host":{json.dumps(host)},"error":null,"status":{{"burn":{{{burn}}},{rest[1:]}}}'


def _table(answers: list[Answer], *, ascii_only: bool) -> str:
    width = max(len("total"), *(len(host) for host, _, _ in answers))
    rows = [f"{'host':<{width}}  {'$/h':>9}  {'idle $/h':>9}  GPUs"]
    for host, picture, error in answers:
        if picture is None:
            rows.append(f"{host:<{width}}  {'?':>9}  {'?':>9}  {error}")
            continue
        rows.append(_row(host, width, picture["burn"], _gpu_words(picture)))
    sums, unknown = totals(answers)
    missing = [name for name in unknown if not name.endswith(":api")]
    more = bool(missing)
    rows.append(_row("total", width, sums, f"unknown: {', '.join(missing)}" if missing else "", more=more))
    text = "\n".join(clean(row, 300) for row in rows)
    return text.replace("≥", ">=") if ascii_only else text


def _row(name: str, width: int, burn: dict[str, Decimal | None], tail: str, *, more: bool = False) -> str:
    total, idle = money(burn["total_usd_per_hour"], more=more), money(burn["idle_usd_per_hour"], more=more)
    return f"{name:<{width}}  {total:>9}  {idle:>9}  {tail}"


def _gpu_words(picture: dict[str, Any]) -> str:
    states = [gpu["state"] for gpu in picture["gpus"]]
    counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    agent = picture["agent"]["state"]
    return counted if agent == "running" else f"agent {agent}; {counted}"


def _worst(answers: list[Answer]) -> int:
    codes = [UNKNOWN if picture is None else exit_code(picture) for _, picture, _ in answers]
    return next((code for code in (OVER, UNKNOWN, 1) if code in codes), OK)
