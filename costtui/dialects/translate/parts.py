"""What both directions of a translated request share: reading with a refusal, pictures, turns that alternate."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from costtui.dialects.operation import Operation
from costtui.dialects.refusals import Refusal
from costtui.domain.clean import clean

Json = dict[str, object]
OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
ANYTHING = msgspec.json.Decoder()
NOTHING = msgspec.Raw(b"null")

_BASE64 = ";base64"
T = TypeVar("T")


def cannot(to: Operation, what: str) -> Refusal:
    """What is answered where the target's dialect has no way to say a part of the request."""
    return Refusal(400, f"target speaks {to}, which has no {clean(what)}", "cannot_translate")


def malformed(what: str) -> Refusal:
    """What is answered where the request breaks the rules of its own dialect."""
    return Refusal(400, clean(what), "bad_body")


def given(fields: Mapping[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    """The fields that say something: `null` is as good as absent in both dialects."""
    return {name: raw for name, raw in fields.items() if raw != NOTHING}


def read(raw: msgspec.Raw, decoder: msgspec.json.Decoder[T], name: str) -> T:
    """The value of a field; raises `Refusal` that names it and the place inside it."""
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise malformed(f"`{name}` cannot be read: {error}") from None


def refuse_others(
    to: Operation, fields: Mapping[str, msgspec.Raw], known: frozenset[str], harmless: Mapping[str, object]
) -> None:
    """Raise for the first field that is not `known`, unless its value is the `harmless` one, which asks for nothing."""
    for name, raw in fields.items():
        if name in known:
            continue
        if name not in harmless or read(raw, ANYTHING, name) != harmless[name]:
            raise cannot(to, f"`{name}`")


def alternating(turns: Iterable[tuple[str, list[T]]]) -> list[tuple[str, list[T]]]:
    """The turns with neighbours of one role made one, as Anthropic and many chat templates want it."""
    joined: list[tuple[str, list[T]]] = []
    for role, said in turns:
        if joined and joined[-1][0] == role:
            joined[-1][1].extend(said)
        else:
            joined.append((role, list(said)))
    return joined


def plain(parts: list[Json]) -> str | list[Json]:
    """One text alone as a string, which every server reads; nothing at all as an empty one."""
    if not parts:
        return ""
    if len(parts) == 1 and parts[0]["type"] == "text":
        return str(parts[0]["text"])
    return parts


def text_part(text: str) -> Json:
    """A text; it has the same shape in both dialects."""
    return {"type": "text", "text": text}


def image_source(url: str) -> Json:
    """Where chat's `image_url` points, as an Anthropic source: a `data:` URL becomes its base64 bytes."""
    if url.startswith(("https://", "http://")):
        return {"type": "url", "url": url}
    head, comma, data = url.partition(",")
    if not (comma and head.startswith("data:") and head.endswith(_BASE64)):
        raise cannot(Operation.MESSAGES, "picture but by http(s) URL or base64 data URL")
    media_type = head.removeprefix("data:").removesuffix(_BASE64).split(";")[0]
    return {"type": "base64", "media_type": media_type, "data": data}


def image_url(source: "ImageSource") -> str:
    """An Anthropic picture's source as the URL that chat wants."""
    if source.type == "base64":
        return f"data:{source.media_type}{_BASE64},{source.data}"
    if source.type == "url":
        return source.url
    raise cannot(Operation.CHAT, f"picture of source `{source.type}`")


class ImageSource(msgspec.Struct):
    """Where an Anthropic picture comes from: its bytes in base64, or a URL."""

    type: str
    media_type: str = ""
    data: str = ""
    url: str = ""
