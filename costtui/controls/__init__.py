"""What a person changes while it runs: shifts, pins, drains and keys, each with actor, reason and a way back."""
