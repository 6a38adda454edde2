"""Budgets that hold, without a network."""
