"""Measurements on demand: `python -m tests.bench.NAME`. They report; they never gate."""
