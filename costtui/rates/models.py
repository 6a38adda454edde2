"""When two names mean the same model: what each rule leaves out, and why that is allowed.

What no rule names stays in the identity, so another size, version or fine-tune is another model: `llama-3.1-8b`,
`llama-3.3-70b` and `llama-3.3-nemotron-super-49b` share nothing.
"""

import re
from dataclasses import dataclass

_VENDOR = re.compile(r"^.*/")
_BEDROCK = re.compile(r"^(?:us|eu|apac|global)?\.?(?:meta|mistral|amazon|qwen|deepseek|openai|google)\.(?=[a-z])")
_REVISION = re.compile(r"-v\d+:\d+$")
_GLUED = re.compile(r"^(llama|qwen|gemma|phi|mistral|deepseek-v)(?=\d)")
_LLAMA_V = re.compile(r"^llama-v(?=\d)")
_DECIMAL = re.compile(r"(?<=\d)[p-](?=\d(?:-|$))")
_SERVING = frozenset({"turbo", "versatile", "instant", "fast", "specdec", "32768", "128k"})
_QUANTISED = frozenset({"fp8", "fp16", "bf16", "fp4", "nvfp4", "int4", "int8", "awq", "gptq", "w4a16", "w8a8", "gguf"})
_TUNED = frozenset({"instruct", "it"})
_SNAPSHOT = re.compile(r"[-@]20\d{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])$")
"""`-2025-08-07`, `-20251101`, `@20251101`. Not `-2507`: with month and year alone it is often a model of its own."""
_SELLER = ("meta-llama-", "databricks-", "mistralai-")
_SIZE = re.compile(r"^(\d+x)?\d+(\.\d+)?b$")
_ONLY_VERSION = {
    "mixtral-8x7b-v0.1": "mixtral-8x7b",
    "mixtral-8x22b-v0.1": "mixtral-8x22b",
}
"""Models of which a single version was ever published, so that its number tells nothing."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A model's name without what providers add to it."""

    name: str
    left_out: tuple[str, ...]
    """What was left out, in words, for the user to check."""


def identify(name: str) -> Identity | None:
    """The identity behind a provider's or an engine's name; None for a free or otherwise special offer (`:free`)."""
    text = name.strip().lower().replace("_", "-").replace(" ", "-")
    left_out: list[str] = []
    for pattern, word in ((_VENDOR, "vendor prefix"), (_BEDROCK, "vendor prefix"), (_REVISION, "catalogue revision")):
        shorter = pattern.sub("", text)
        if shorter != text:
            left_out.append(word)
        text = shorter
    if ":" in text or not text:
        return None
    for seller in _SELLER:
        if text.startswith(seller):
            text, left_out = text.removeprefix(seller), [*left_out, "seller's prefix"]
            text = text if not seller.startswith("meta") else f"llama-{text}"
    text = text.removeprefix("meta-")
    text = _DECIMAL.sub(".", _GLUED.sub(r"\1-", _LLAMA_V.sub("llama-", text)))
    return _without_endings(text, left_out)


def _without_endings(text: str, left_out: list[str]) -> Identity:
    """Endings that serve the same weights; only of a model that states its size: `qwen-turbo` is a model itself."""
    kept = []
    words = text.split("-")
    if not any(_SIZE.match(word) for word in words):
        return Identity(text, tuple(dict.fromkeys(left_out)))
    for word in words:
        if word in _TUNED:
            left_out.append(f"-{word}")
        elif word in _SERVING:
            left_out.append(f"serving tier {word}")
        elif word in _QUANTISED:
            left_out.append(f"quantisation {word}")
        else:
            kept.append(word)
    name = "-".join(word for word in kept if word)
    if name in _ONLY_VERSION:
        name, left_out = _ONLY_VERSION[name], [*left_out, "its only version's number"]
    return Identity(name, tuple(dict.fromkeys(left_out)))


def why_same(wanted: str, offered: str) -> str | None:
    """One sentence if both names mean the same model, None if they do not."""
    mine, theirs = identify(wanted), identify(offered)
    if mine is None or theirs is None or mine.name != theirs.name:
        return None
    ignored = ", ".join(dict.fromkeys((*mine.left_out, *theirs.left_out)))
    return f"{offered} is {mine.name}" + (f" ({ignored} left out)" if ignored else "")


def why_answered(listed: str, reported: str) -> str | None:
    """One sentence if an answer that names `reported` comes from the model that is `listed`: the same name, a dated
    snapshot of it, or the name that a listed snapshot belongs to."""
    priced, said = (_VENDOR.sub("", name.strip().lower()).removesuffix("-latest") for name in (listed, reported))
    if priced == said:
        return f"the answer names {listed}"
    if _SNAPSHOT.sub("", said) == priced:
        return f"{reported} is a snapshot of {listed}"
    if _SNAPSHOT.sub("", priced) == said:
        return f"{listed} is a snapshot of {reported}"
    return why_same(listed, reported)
