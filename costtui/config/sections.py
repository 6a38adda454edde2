"""The whole document, section by section, in the order in which they refer to each other."""

from pathlib import Path
from zoneinfo import ZoneInfo

from costtui.config.balancers import read_balancers
from costtui.config.billing import read_billing
from costtui.config.budgets import read_budgets
from costtui.config.document import Document
from costtui.config.finance import read_finance
from costtui.config.gateway import read_gateway, refuse_loops
from costtui.config.gpus import read_currencies, read_gpus
from costtui.config.model import Config, Host, Sampling
from costtui.config.routes import read_routes
from costtui.config.spending import read_alerts, read_prices
from costtui.config.table import Problems, Table
from costtui.config.targets import read_targets
from costtui.config.tco import read_tco

UTC = ZoneInfo("UTC")


def read_config(document: Document, path: Path, now_ms: int) -> tuple[Config, tuple[str, ...]]:
    """The configuration and its problems; with any problem the values are not to be used."""
    problems = Problems(document)
    host = _host(Table(document.values, (), problems, UTC).table("host"))
    whole = Table(document.values, (), problems, host.timezone)
    whole.take("host")
    currencies = read_currencies(whole.table("currencies"))
    targets = read_targets(whole.table("targets"))
    routes = read_routes(whole.table("routes"), targets)
    config = Config(
        path=path,
        loaded_ms=now_ms,
        host=host,
        gpus=read_gpus(whole, currencies),
        targets=targets,
        routes=routes,
        budgets=read_budgets(whole.table("budgets"), targets, routes),
        prices=read_prices(whole.table("prices"), targets, currencies),
        billing=read_billing(whole.table("billing"), currencies),
        tco=read_tco(whole.table("tco")),
        alerts=read_alerts(whole.table("alerts")),
        sampling=_sampling(whole.table("agent")),
        gateway=read_gateway(whole.table("gateway")),
        balancers=read_balancers(whole.table("haproxy"), routes),
        finance=read_finance(whole.table("finance")),
    )
    refuse_loops(whole.table("targets"), targets, config.gateway)
    whole.close()
    return config, problems.lines()


def _host(table: Table) -> Host:
    state_dir = table.text("state_dir")
    if state_dir is not None and not state_dir.startswith(("/", "~/")):
        table.wrong("state_dir", "must be an absolute path, not %", state_dir)
    host = Host(
        name=table.text("name"),
        timezone=table.timezone("timezone") or UTC,
        pays=table.choice("pays", ("all", "mine"), "all"),
        state_dir=_expanded(table, state_dir),
        control=table.choice("control", ("ask", "off"), "ask"),
    )
    table.close()
    return host


def _expanded(table: Table, state_dir: str | None) -> Path | None:
    try:
        return None if state_dir is None else Path(state_dir).expanduser()
    except RuntimeError:
        table.wrong("state_dir", "has ~, but this user has no home directory")
        return None


def _sampling(table: Table) -> Sampling:
    default = Sampling()
    sampling = Sampling(
        gpu_seconds=table.seconds("gpu_seconds", default.gpu_seconds),
        processes_seconds=table.seconds("processes_seconds", default.processes_seconds),
        engines_seconds=table.seconds("engines_seconds", default.engines_seconds),
        host_seconds=table.seconds("host_seconds", default.host_seconds),
    )
    table.close()
    return sampling
