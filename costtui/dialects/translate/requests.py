"""A request in the dialect that the target speaks."""

from collections.abc import Callable

from costtui.dialects.operation import Operation
from costtui.dialects.refusals import Refusal
from costtui.dialects.request import Asked
from costtui.dialects.translate.chat_request import chat_as_messages
from costtui.dialects.translate.messages_request import messages_as_chat

_WAYS: dict[tuple[Operation, Operation], Callable[[Asked, str], bytes]] = {
    (Operation.CHAT, Operation.MESSAGES): chat_as_messages,
    (Operation.MESSAGES, Operation.CHAT): messages_as_chat,
}


def translate_request(source: Operation, to: Operation, asked: Asked, model: str) -> bytes:
    """The body that asks `model` for the same in `to`'s words; raises `Refusal` that names what cannot be carried."""
    way = _WAYS.get((source, to))
    if way is None:
        raise Refusal(400, f"nothing translates {source} to {to}", "unsupported_operation")
    return way(asked, model)
