"""`costtui config check`: every problem at once, or what is in force."""

from costtui.cli.given import Given
from costtui.cli.picture import now_ms
from costtui.config.load import load
from costtui.domain.clean import clean


def run(given: Given) -> int:
    """Exit 78 with every problem on standard error, 0 with a summary."""
    given.flags()
    given.action("check")
    path = given.config_path
    config = load(path, now_ms())
    if path is None:
        print("no configuration file: the defaults are in force; `costtui init` writes one")
        return 0
    print(f"{clean(str(path))}: OK")
    engines = len(config.engines)
    print(
        f"{len(config.gpus)} GPU rules, {engines} engines, {len(config.targets) - engines} APIs,"
        f" {len(config.routes)} routes, {len(config.budgets)} budgets, time zone {config.host.timezone.key}"
    )
    return 0
