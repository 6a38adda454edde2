"""What keys mean."""

from dataclasses import replace
from typing import Literal

from costtui.report.spend import GROUPINGS
from costtui.tui.frame import Frame
from costtui.tui.scene import SORTS, Choices, View

Act = Literal[
    "quit", "theme", "mouse", "copy", "save", "shift", "pin", "drain", "budget", "undo", "older", "newer", "now"
]

_ACTS: dict[str, Act] = {
    "q": "quit",
    "ctrl+q": "quit",
    "t": "theme",
    "m": "mouse",
    "y": "copy",
    "S": "save",
    "s": "shift",
    "p": "pin",
    "d": "drain",
    "b": "budget",
    "u": "undo",
    "[": "older",
    "]": "newer",
    "0": "now",
}
_VIEWS: dict[str, View] = {
    "1": "overview",
    "2": "gpus",
    "3": "routes",
    "4": "spend",
    "5": "versus",
    "6": "budgets",
    "7": "requests",
    "8": "bills",
    "9": "advice",
    "w": "warnings",
    "i": "sources",
    "?": "help",
}
_TRIES = ("g", "l", "x", "+", "=", "-")
"""On the screen against APIs: turn the page, logarithms, drop what is tried, one step up or down."""
_FILTERED = ("overview", "gpus", "requests")
_OPENED = ("overview", "requests", "advice")
_MOVES = {"up": -1, "k": -1, "down": 1, "j": 1, "pageup": -10, "pagedown": 10, "home": -(10**6), "end": 10**6}


def understood(choices: Choices, key: str, character: str | None) -> Act | None:
    """What the key does beyond choosing; while a filter is typed only ctrl-c is such a key."""
    if key == "ctrl+c":
        return "quit"
    return None if choices.editing else _ACTS.get(character or key, _ACTS.get(key))


def chosen(choices: Choices, key: str, character: str | None, frame: Frame) -> Choices:
    """The choices after a key; the same ones where it means nothing."""
    if choices.editing:
        return _edited(choices, key, character)
    pressed = character if character in _VIEWS or character in ("o", "O", "/", "g") else key
    if pressed in _VIEWS:
        view = _VIEWS[pressed]
        return replace(choices, view=view, selected=choices.selected if view in ("overview", "gpus") else None)
    if key in _MOVES:
        return _moved(choices, _MOVES[key], frame)
    if pressed == "o":
        return replace(choices, sort=SORTS[(SORTS.index(choices.sort) + 1) % len(SORTS)])
    if pressed == "O":
        return replace(choices, reverse=not choices.reverse)
    if pressed == "g" and choices.view == "spend":
        by = GROUPINGS[(GROUPINGS.index(choices.by) + 1) % len(GROUPINGS)]
        return replace(choices, by=by, selected=None)
    if pressed == "g" and choices.view == "advice":
        return replace(choices, hours=not choices.hours, selected=None)
    if choices.view == "versus" and (character or key) in _TRIES:
        return _tried(choices, character or key, frame)
    if pressed == "/":
        return replace(choices, editing=choices.view in _FILTERED)
    if key == "escape":
        return replace(choices, needle="") if choices.needle else replace(choices, view="overview", selected=None)
    return _opened(choices, frame) if key == "enter" else choices


def _edited(choices: Choices, key: str, character: str | None) -> Choices:
    if key == "enter":
        return replace(choices, editing=False)
    if key == "escape":
        return replace(choices, editing=False, needle="")
    if key == "backspace":
        return replace(choices, needle=choices.needle[:-1])
    if character is not None and character.isprintable():
        return replace(choices, needle=choices.needle + character)
    return choices


def _tried(choices: Choices, sign: str, frame: Frame) -> Choices:
    if sign == "g":
        return replace(choices, page="bill" if choices.page == "flip" else "flip", selected=None)
    if sign in ("l", "x"):
        return replace(choices, logarithmic=not choices.logarithmic) if sign == "l" else replace(choices, steps=())
    key = choices.selected if choices.selected in frame.order else next(iter(frame.order), "")
    kind, _, name = key.partition(":")
    if kind != "try":
        return choices
    steps = dict(choices.steps)
    steps[name] = steps.get(name, 0) + (-1 if sign == "-" else 1)
    return replace(choices, steps=tuple((name, count) for name, count in steps.items() if count))


def _moved(choices: Choices, lines: int, frame: Frame) -> Choices:
    if not frame.order:
        return choices
    at = frame.order.index(choices.selected) if choices.selected in frame.order else 0
    return replace(choices, selected=frame.order[min(max(at + lines, 0), len(frame.order) - 1)])


def _opened(choices: Choices, frame: Frame) -> Choices:
    key = choices.selected or (frame.order[0] if frame.order else None)
    if key is None or choices.view not in _OPENED:
        return choices
    return replace(choices, selected=key, expanded=choices.expanded ^ {key})
