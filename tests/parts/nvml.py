"""A real `pynvml` against a compiled stand-in for the driver's library."""
