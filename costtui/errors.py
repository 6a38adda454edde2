"""Every error that costtui raises on purpose.

    CosttuiError            exit code 1
    ├── UsageError          64  the command line does not make sense (EX_USAGE)
    ├── ConfigError         78  the configuration does (EX_CONFIG); carries every problem found, not the first
    ├── StoreError          74  the state directory cannot be used (EX_IOERR)
    │   ├── StoreBusy       75  another process owns it (EX_TEMPFAIL)
    │   └── StoreDamaged    65  a database is not what it should be (EX_DATAERR)
    └── SourceError         69  a GPU driver, an engine or a provider did not answer (EX_UNAVAILABLE)
        ├── SourceRefused       it refuses the key (401, 403)
        ├── SourceBusy          it asks to wait (429, 503); carries for how long, as it says
        └── SourceGone          there is nothing to read there any more (404, 410)

A message has three parts: what happened, where, what to do. Only the command line's edge prints one.
"""


class CosttuiError(Exception):
    """Base of all: `str(error)` is one or more lines fit to show to the user."""

    exit_code = 1


class UsageError(CosttuiError):
    """A command, option or argument that costtui does not know."""

    exit_code = 64


class ConfigError(CosttuiError):
    """The configuration file cannot be used; `problems` holds one line each."""

    exit_code = 78

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StoreError(CosttuiError):
    """The state directory or a database in it cannot be used."""

    exit_code = 74


class StoreBusy(StoreError):  # noqa: N818 - reads as the fact it states
    """Another process owns the store; `pid` is its process, None when it cannot be read."""

    exit_code = 75

    def __init__(self, message: str, pid: int | None = None) -> None:
        super().__init__(message)
        self.pid = pid


class StoreDamaged(StoreError):  # noqa: N818
    """A database file is damaged, foreign, or newer than this version."""

    exit_code = 65


class SourceError(CosttuiError):
    """A driver, engine or provider could not be read; `remedy` says what the user can do."""

    exit_code = 69

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(f"{reason}: {remedy}" if remedy else reason)
        self.reason = reason
        self.remedy = remedy


class SourceRefused(SourceError):  # noqa: N818 - reads as the fact it states
    """The key is refused: asking again soon is of no use."""


class SourceBusy(SourceError):  # noqa: N818
    """Asked too often, or not now."""

    def __init__(self, reason: str, remedy: str, retry_after: str = "") -> None:
        super().__init__(reason, remedy)
        self.retry_after = retry_after
        """As the server wrote it: seconds, an HTTP date, or anything."""


class SourceGone(SourceError):  # noqa: N818
    """No such thing at this address, now or any more."""
