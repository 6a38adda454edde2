"""costtui: what LLM workloads cost on this host, live in a terminal."""

__version__ = "0.4.0"
