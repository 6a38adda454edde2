"""The user's configuration: TOML in, frozen values out, every problem at once."""
