"""The demo's agent and gateway, `python -m costtui.demo.waiting agent|gateway`: loaded while the past is still being
written, started by a line.

Their imports take 0.25 s, which the user need not wait for twice. The line on standard input is the command line as a
JSON list; no line, no process.
"""

import json
import sys
from importlib import import_module

if __name__ == "__main__":
    module = import_module({"agent": "costtui.agent.__main__", "gateway": "costtui.gateway.__main__"}[sys.argv[1]])
    line = sys.stdin.readline()
    sys.exit(module.main(json.loads(line)) if line else 0)
