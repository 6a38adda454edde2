"""Pure: readings become states, states become money."""
