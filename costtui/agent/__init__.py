"""The face that writes: sources in, seconds out."""
