"""`costtui doctor`: what can be seen here, what cannot, and what to do about it."""

import asyncio
import json
import os
from collections.abc import Iterator

from costtui.cli import doctor_config, doctor_gateway, doctor_gpus, doctor_host, doctor_state
from costtui.cli.finding import Finding
from costtui.cli.given import Given
from costtui.cli.picture import now_ms
from costtui.config.load import load
from costtui.config.model import Config
from costtui.domain.reading import GpuSweep
from costtui.errors import ConfigError

SCHEMA = "costtui.doctor/1"


def run(given: Given) -> int:
    """Print every finding; 1 if one of them needs doing."""
    flags = given.flags("--json")
    given.no_more()
    findings = list(examine(given, now_ms()))
    if "--json" in flags:
        print(json.dumps({"schema": SCHEMA, "findings": [finding.fields() for finding in findings]}))
    else:
        print("\n".join(finding.lines() for finding in findings))
    return int(any(finding.level == "problem" for finding in findings))


def examine(given: Given, at_ms: int) -> Iterator[Finding]:
    """Every check, in the order in which one would fix things; mistakes in the configuration end none of them."""
    yield from doctor_host.software()
    config, problems = _configuration(given, at_ms)
    sweep = asyncio.run(doctor_gpus.sweep(config.sampling))
    yield from doctor_gpus.driver(sweep)
    yield from doctor_config.file(given.config_path, problems)
    yield from doctor_config.secrets(config, os.environ)
    yield from asyncio.run(doctor_config.engines(config, at_ms))
    yield from _money(given, config, sweep, at_ms)
    yield from doctor_host.clock(config, os.environ, at_ms)
    yield from doctor_host.terminal(given, os.environ)


def _configuration(given: Given, at_ms: int) -> tuple[Config, tuple[str, ...]]:
    """What is in force, the defaults where the file has problems."""
    try:
        return load(given.config_path, at_ms), ()
    except ConfigError as error:
        return Config(), error.problems


def _money(given: Given, config: Config, sweep: GpuSweep, at_ms: int) -> Iterator[Finding]:
    yield from doctor_gpus.rates(sweep, config, at_ms)
    try:
        state_dir = given.state_dir
    except ConfigError:  # the configuration that could have said where has mistakes, which are listed already
        return
    yield from doctor_state.directory(state_dir)
    yield doctor_state.prices(state_dir, at_ms)
    yield doctor_state.agent(state_dir, at_ms)
    yield from doctor_gateway.gateway(config, state_dir, at_ms)
