"""Inference engines: one file each turns its counters into readings."""
