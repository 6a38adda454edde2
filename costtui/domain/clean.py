"""One filter for every string from outside: process and model names, provider errors, owners."""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TRICKY = re.compile(
    "["
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff"
    "]"
)
_MARKS = re.compile("([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4})"
                    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")  # fmt: skip


def clean(text: str, limit: int = 200) -> str:
    """`text` without anything that could steer a terminal or hide a row, at most `limit` characters.

    Control characters are dropped; direction marks, zero-width characters, tags and lone surrogates become
    U+FFFD; a fifth combining mark in a row is dropped. What is left is data, so it must still never be parsed
    as markup.
    """
    if text.isascii() and text.isprintable():  # as nearly all are; the three searches take 5 us
        return text if len(text) <= limit else text[: limit - 1] + "…"
    shown = _MARKS.sub(r"\1", _TRICKY.sub("\ufffd", _CONTROL.sub("", text[: limit * 4])))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
