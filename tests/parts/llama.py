"""A real llama.cpp server with a tiny model."""
