"""The replay of traces."""
