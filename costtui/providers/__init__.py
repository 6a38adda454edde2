"""What providers say themselves: one file each turns its billing answers into lines, balances and burn rates."""
