"""Fixtures that every room's tests may use; the parts themselves are in `tests/parts`."""

pytest_plugins = ["tests.parts.nvml", "tests.parts.llama", "tests.parts.provider"]
