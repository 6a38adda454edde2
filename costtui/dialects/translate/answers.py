"""A whole answer of the one dialect, written as the other's."""

from costtui.dialects.operation import Operation
from costtui.dialects.translate.chat_answer import message_of_chat
from costtui.dialects.translate.messages_answer import chat_of_message


def translate_answer(client: Operation, upstream: Operation, body: bytes, model: str) -> bytes:
    """The answer of an `upstream` for a `client`; `model` is the name that the client asked for.

    Raises Refusal (502) for a body that is no finished answer: also for one that is compressed.
    """
    match client, upstream:
        case Operation.MESSAGES, Operation.CHAT:
            return message_of_chat(body, model)
        case Operation.CHAT, Operation.MESSAGES:
            return chat_of_message(body, model)
        case _:
            raise ValueError(f"an answer of {upstream} cannot be written as one of {client}")
