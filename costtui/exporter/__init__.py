"""Figures for Prometheus: /metrics of what the store holds."""
