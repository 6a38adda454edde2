"""What was typed: the verb, its arguments, and the options that every verb takes. Nothing heavy is imported."""

import os
from collections.abc import Mapping, Sequence

from costtui.errors import UsageError

TYPE_CHECKING = False  # not from `typing`: that and `pathlib` cost `status` a third of its time
if TYPE_CHECKING:
    from pathlib import Path

VERBS = {
    "": "top",
    "advice": "advice",
    "agent": "agent",
    "alert": "alert",
    "backup": "backup",
    "breakeven": "breakeven",
    "budget": "budget",
    "compare": "compare",
    "config": "config",
    "demo": "demo",
    "doctor": "doctor",
    "endpoint": "endpoint",
    "export": "export",
    "exporter": "exporter",
    "forecast": "forecast",
    "gateway": "gateway",
    "idle": "idle",
    "init": "init",
    "key": "key",
    "prices": "prices",
    "reconcile": "reconcile",
    "replay": "replay",
    "report": "report",
    "purge": "purge",
    "route": "route",
    "status": "status",
    "tco": "tco",
    "verify": "verify",
    "help": "help",
}
"""Verb to module; the empty verb is the live screen."""


class Given:
    """One command line, split."""

    def __init__(self, verb: str, environ: Mapping[str, str]) -> None:
        self.verb = verb
        self.environ = environ
        self.arguments: list[str] = []
        self.config: str | None = None
        self.state: str | None = None
        self.no_color = bool(environ.get("NO_COLOR"))
        self.ascii_only = False
        self.plain = False
        self.help = False
        self.version = False

    @property
    def module(self) -> str:
        """Module of `costtui.cli` that runs the verb."""
        return VERBS[self.verb]

    @property
    def config_text(self) -> str | None:
        """The configuration file: named, from COSTTUI_CONFIG, the one in a named state directory, as the demo's is, or
        the user's own where it exists."""
        if named := self.config or self.environ.get("COSTTUI_CONFIG"):
            return named
        beside = os.path.join(os.path.expanduser(self.state), "config.toml") if self.state else ""
        if beside and os.path.exists(beside):
            return beside
        base = self.environ.get("XDG_CONFIG_HOME", "")
        folder = base if base.startswith("/") else os.path.join(self.environ.get("HOME", "/"), ".config")
        own = os.path.join(folder, "costtui", "config.toml")
        return own if os.path.exists(own) else None

    @property
    def config_path(self) -> "Path | None":
        """The configuration file as a path."""
        from pathlib import Path

        text = self.config_text
        return None if text is None else Path(text)

    @property
    def state_text(self) -> str:
        """Where the store is. The configuration is read for it only where it could say so: that costs 30 ms."""
        from costtui.store.whereabouts import state_dir_text

        return state_dir_text(self.state, self.environ, self._configured())

    @property
    def state_dir(self) -> "Path":
        """Where the store is, as a path."""
        from pathlib import Path

        return Path(self.state_text)

    def _configured(self) -> str | None:
        path = self.config_text
        if self.state is not None or self.environ.get("COSTTUI_STATE_DIR") or path is None:
            return None
        try:
            with open(path, "rb") as file:
                mentions = b"state_dir" in file.read()
        except OSError:
            return None
        if not mentions:
            return None
        from pathlib import Path

        from costtui.config.load import load

        configured = load(Path(path), 0).host.state_dir
        return None if configured is None else str(configured)

    def flags(self, *names: str) -> set[str]:
        """Take the given options out of the arguments; anything else that looks like one is refused."""
        found = {word for word in self.arguments if word in names}
        self.arguments = [word for word in self.arguments if word not in found]
        for word in self.arguments:
            if word.startswith("-"):
                raise UsageError(f"{self.verb or 'costtui'}: no option {word!r}{nearest(word, names)}")
        return found

    def value(self, name: str) -> str | None:
        """Take the value of `--name VALUE` or `--name=VALUE`; None where it was not given."""
        for place, word in enumerate(self.arguments):
            if word == name:
                if place + 1 == len(self.arguments):
                    raise UsageError(f"{name} needs a value")
                value = self.arguments[place + 1]
                del self.arguments[place : place + 2]
                return value
            if word.startswith(f"{name}="):
                del self.arguments[place]
                return word.partition("=")[2]
        return None

    def action(self, *names: str) -> str:
        """The one word that says what to do; the first of `names` where none was given."""
        word = self.arguments.pop(0) if self.arguments else names[0]
        if word not in names:
            raise UsageError(f"{self.verb}: no {word!r}{nearest(word, names)}; known: {', '.join(filter(None, names))}")
        self.no_more()
        return word

    def no_more(self) -> None:
        """Refuse arguments that nobody asked for."""
        if self.arguments:
            raise UsageError(f"{self.verb or 'costtui'}: unexpected {self.arguments[0]!r}; see `costtui --help`")


def nearest(word: str, known: Sequence[str]) -> str:
    """`; did you mean X?` where something known is near."""
    from difflib import get_close_matches  # 3 ms, and only after a typing error

    close = get_close_matches(word, [name for name in known if name], 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def parse(argv: Sequence[str], environ: Mapping[str, str] = os.environ) -> Given:
    """Split a command line. The options of all verbs may stand anywhere."""
    words = list(argv)
    given = Given("", environ)
    rest: list[str] = []
    while words:
        word = words.pop(0)
        name, equals, value = word.partition("=")
        if name in ("--config", "--state-dir"):
            if not equals and not words:
                raise UsageError(f"{name} needs a value")
            path = os.path.expanduser(value if equals else words.pop(0))
            if name == "--config":
                given.config = path
            else:
                given.state = path
        elif word == "--no-color":
            given.no_color = True
        elif word == "--ascii":
            given.ascii_only = True
        elif word == "--plain":
            given.plain = True
        elif word == "--version":
            given.version = True
        elif word in ("--help", "-h"):
            given.help = True
        else:
            rest.append(word)
    if rest and not rest[0].startswith("-"):
        given.verb = rest.pop(0)
        if given.verb not in VERBS:
            raise UsageError(f"no command {given.verb!r}{nearest(given.verb, tuple(VERBS))}; see `costtui --help`")
    given.arguments = rest
    return given
