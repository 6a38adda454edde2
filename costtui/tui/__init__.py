"""The face on the terminal."""
