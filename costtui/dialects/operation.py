"""What a request asks for: one of six operations, each with its path and the dialect of its answer."""

from enum import StrEnum


class Operation(StrEnum):
    """An API call that the gateway carries."""

    CHAT = "chat"
    COMPLETIONS = "completions"
    EMBEDDINGS = "embeddings"
    RESPONSES = "responses"
    MESSAGES = "messages"
    COUNT_TOKENS = "count_tokens"


_PATHS = {
    Operation.CHAT: "/chat/completions",
    Operation.COMPLETIONS: "/completions",
    Operation.EMBEDDINGS: "/embeddings",
    Operation.RESPONSES: "/responses",
    Operation.MESSAGES: "/messages",
    Operation.COUNT_TOKENS: "/messages/count_tokens",
}
PATHS: dict[bytes, Operation] = {f"/v1{path}".encode(): operation for operation, path in _PATHS.items()}
"""By the path that a client asks."""
ANTHROPIC = frozenset({Operation.MESSAGES, Operation.COUNT_TOKENS})
"""Those of Anthropic's API; the others are OpenAI's."""


def path_of(operation: Operation) -> str:
    """Relative to a base URL that ends in /v1."""
    return _PATHS[operation]
