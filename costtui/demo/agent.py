"""The demo's agent, `python -m costtui.demo.agent`: loaded while the past is still being written, started by a line.

Its imports take 0.25 s, which the user need not wait for twice. The line on standard input is the agent's command
line as a JSON list; no line, no agent.
"""

import json
import sys

from costtui.agent.__main__ import main

if __name__ == "__main__":
    line = sys.stdin.readline()
    sys.exit(main(json.loads(line)) if line else 0)
