"""The vocabulary: frozen values, no clock, no input or output."""
