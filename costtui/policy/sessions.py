"""Which target served a conversation last, as a value: providers keep a prompt's beginning for some minutes."""

from typing import NamedTuple

ROOMS = 256
ROOM_LIMIT = 32
"""So that 8,192 conversations are known at most, and one more costs a microsecond."""
KEPT_MS = 300_000
"""Anthropic and OpenAI keep a cached prompt for five minutes after its last use."""


class Session(NamedTuple):
    """Its last answered request."""

    session: int
    target: str
    at_ms: int
    input_tokens: int


Sessions = tuple[tuple[Session, ...], ...]
NO_SESSIONS: Sessions = ((),) * ROOMS


def remembered(sessions: Sessions, newest: Session) -> Sessions:
    """With one more, in place of the same one before."""
    room = newest.session % ROOMS
    others = tuple(each for each in sessions[room] if each.session != newest.session)
    return (*sessions[:room], (*others[-ROOM_LIMIT + 1 :], newest), *sessions[room + 1 :])


def session_of(sessions: Sessions, session: int, now_ms: int) -> Session | None:
    """Where the conversation's beginning still lies in a provider's cache."""
    if not session:
        return None
    for found in sessions[session % ROOMS]:
        if found.session == session:
            return None if now_ms - found.at_ms > KEPT_MS else found
    return None
