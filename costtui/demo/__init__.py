"""A host to look at without a GPU, a key or a configuration."""
