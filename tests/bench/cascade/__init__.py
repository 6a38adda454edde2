"""How well prompts are told apart, on the answers that RouteLLM stored: `python -m tests.bench.cascade CLONE`."""
