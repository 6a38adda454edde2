"""`costtui gateway`: in the foreground, or started, stopped, replaced and asked about."""

from costtui.cli.given import Given
from costtui.cli.picture import now_ms
from costtui.domain.clean import clean
from costtui.gateway.options import GatewayOptions


def run(given: Given) -> int:
    """Do what the one word says; in the foreground where there is none."""
    given.flags()
    action = given.action("run", "start", "stop", "restart", "status")
    return {"run": _run, "start": _start, "stop": _stop, "restart": _restart, "status": _status}[action](given)


def _options(given: Given) -> GatewayOptions:
    return GatewayOptions(given.state_dir, given.config_path)


def _run(given: Given) -> int:
    from costtui.gateway.run import run_gateway

    return run_gateway(_options(given))


def _start(given: Given) -> int:
    from costtui.gateway.start import start_background

    pid = start_background(GatewayOptions(given.state_dir, given.config_path, detached=True))
    print(f"gateway started (pid {pid}); it serves until `costtui gateway stop`")
    return 0


def _stop(given: Given) -> int:
    from costtui.gateway.start import stop

    pid = stop(given.state_dir)
    print("no gateway runs" if pid is None else f"gateway stopped (pid {pid})")
    return 0


def _restart(given: Given) -> int:
    from costtui.gateway.start import replace

    pid = replace(GatewayOptions(given.state_dir, given.config_path, detached=True))
    print(f"gateway replaced (pid {pid}); the one before ends with its last answer")
    return 0


def _status(given: Given) -> int:
    from costtui.gateway.start import gateway_state

    found = gateway_state(given.state_dir, now_ms())
    if found.pid is None:
        print("no gateway runs: `costtui gateway start`")
        return 3
    picture = found.picture
    print(f"gateway {found.state} (pid {found.pid}) on {clean(str(picture.get('listen', '?')))}")
    print(f"  {picture.get('requests', '?')} requests, {picture.get('in_flight', '?')} in flight")
    for name, target in picture.get("targets", {}).items():
        state = "open" if target["open"] else f"left alone: {target['why']}"
        print(f"  {clean(name)}: {clean(state)}, {target['in_flight']} in flight")
    for text in picture.get("trouble", []):
        print(f"  ! {clean(text)}")
    return 0 if found.state == "running" else 3
