"""Budgets that hold: the worst case of each attempt is held before it is sent, and settled when it ended."""
