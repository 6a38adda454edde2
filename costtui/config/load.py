"""From a file to a Config, or to every reason why not."""

from collections.abc import Mapping
from pathlib import Path

from costtui.config.document import CONFIG_BYTES, parse
from costtui.config.model import Config
from costtui.config.sections import read_config
from costtui.domain.clean import clean
from costtui.errors import ConfigError


def find_path(explicit: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The file to use: the one named, else COSTTUI_CONFIG, else the user's own if it exists; None is no file."""
    if explicit is not None:
        return explicit
    if named := environ.get("COSTTUI_CONFIG"):
        return Path(named)
    own = default_path(environ)
    return own if own is not None and own.exists() else None


def default_path(environ: Mapping[str, str]) -> Path | None:
    """`$XDG_CONFIG_HOME/costtui/config.toml`, else under `~/.config`; None without a home."""
    if (base := environ.get("XDG_CONFIG_HOME", "")).startswith("/"):
        return Path(base) / "costtui" / "config.toml"
    home = environ.get("HOME")
    return Path(home) / ".config" / "costtui" / "config.toml" if home else None


def load(path: Path | None, now_ms: int) -> Config:
    """The configuration in `path`, or the defaults without one. Raises ConfigError with every problem."""
    if path is None:
        return Config(loaded_ms=now_ms)
    try:
        with path.open("rb") as file:
            body = file.read(CONFIG_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise ConfigError((f"{clean(str(path))}:1 cannot be read ({reason}); check the path and its mode",)) from None
    return load_bytes(path, body, now_ms)


def load_bytes(path: Path, body: bytes, now_ms: int) -> Config:
    """The configuration that these bytes of `path` say. Raises ConfigError with every problem."""
    config, problems = read_config(parse(clean(str(path)), body), path, now_ms)
    if problems:
        raise ConfigError(problems)
    return config
