"""Exit codes for cron and Nagios: what is over goes before what cannot be told, and that before what is near."""

from typing import Any

OK, NEAR, OVER, UNKNOWN = 0, 1, 2, 3


def exit_code(picture: dict[str, Any]) -> int:
    """0 ok, 1 a soft threshold, 2 a hard limit, 3 stale or unknown.

    Spend at APIs is not counted as unknown here: without a gateway nobody meters it, and the check would never
    be anything else.
    """
    budgets = [budget["state"] for budget in picture["budgets"]]
    if "over" in budgets:
        return OVER
    blind = picture["agent"]["state"] != "running" or picture["burn"]["total_usd_per_hour"] is None
    if blind or any(gpu["state"] == "unknown" for gpu in picture["gpus"]):
        return UNKNOWN
    near = any(budget["state"] == "warn" or budget["runs_out_at"] for budget in picture["budgets"])
    alarming = any(warning["level"] != "info" for warning in picture["warnings"])
    return NEAR if near or alarming else OK
