"""A request as routing sees it: what it is, never what will come of it."""

from typing import NamedTuple

NO_NEEDS: frozenset[str] = frozenset()


class Ask(NamedTuple):
    """One request, before it is sent anywhere. Only `route` and `now_ms` must be known; the rest has a value that says
    nothing."""

    route: str
    now_ms: int
    """Unix time."""
    prompt_bytes: int = 0
    """Of the body; tokens are predicted from it by what targets reported before."""
    prompt_tokens: int | None = None
    """Where somebody counted them; None: predicted from `prompt_bytes`."""
    output_tokens: int | None = None
    """The request's own limit; None without one."""
    key_id: str = ""
    tag: str = ""
    data_class: str = ""
    """What the caller says of its content, such as `confidential`."""
    needs: frozenset[str] = NO_NEEDS
    """Of `tools`, `vision`, `json`."""
    session: int = 0
    """The same for requests of one conversation; 0 if that is not known."""
    hour: int = 0
    """Of the day, in the user's zone; 0 to 23."""
    simple: float | None = None
    """How simple the prompt is, 0 to 1, as `cascade` scored it; None where nobody did."""
