"""What a client asks for: one operation of the OpenAI or the Anthropic API, and where it is found."""

from enum import StrEnum


class Operation(StrEnum):
    """An endpoint that makes or counts tokens; its value is what the ledger calls it."""

    CHAT = "chat"
    COMPLETIONS = "completions"
    EMBEDDINGS = "embeddings"
    RESPONSES = "responses"
    MESSAGES = "messages"
    COUNT_TOKENS = "count_tokens"

    __hash__ = str.__hash__  # Enum's own is written in Python: 0.2 us a look-up, six times a request


TRANSLATED = frozenset({(Operation.CHAT, Operation.MESSAGES), (Operation.MESSAGES, Operation.CHAT)})
"""Pairs of what a client may ask in and what an upstream speaks, where they differ."""

ANTHROPIC_OPERATIONS = frozenset({Operation.MESSAGES, Operation.COUNT_TOKENS})
"""Those that Anthropic's clients speak; all others are OpenAI's."""

_PATH_OF = {
    Operation.CHAT: "/chat/completions",
    Operation.COMPLETIONS: "/completions",
    Operation.EMBEDDINGS: "/embeddings",
    Operation.RESPONSES: "/responses",
    Operation.MESSAGES: "/messages",
    Operation.COUNT_TOKENS: "/messages/count_tokens",
}

PATHS = {b"/v1" + path.encode(): operation for operation, path in _PATH_OF.items()}
"""What each path that a client may post to asks for."""


def path_of(operation: Operation) -> str:
    """Where an upstream serves it, relative to a base URL that ends in `/v1`."""
    return _PATH_OF[operation]
