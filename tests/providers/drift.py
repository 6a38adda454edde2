"""Every change that a provider could make to one field of its answer."""

import copy
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]
_WRONG: dict[type, tuple[Any, ...]] = {
    str: ([], {}, True),
    int: ("abc", [], {}, True),
    float: ("abc", [], {}, False),
    bool: ("yes", 7, []),
    list: ({}, "abc", 7),
    dict: ([], "abc", 7),
    type(None): (),
}


def changes(answer: Any) -> Iterator[tuple[str, Any]]:
    """What was changed, in words, and the whole answer with it: each field dropped, nulled, renamed and retyped."""
    for path in _fields(answer):
        where = ".".join(str(step) for step in path)
        yield f"{where} dropped", _with(answer, path, drop=True)
        yield f"{where} renamed", _with(answer, path, rename=True)
        yield f"{where} nulled", _with(answer, path, None)
        for wrong in _WRONG[type(_at(answer, path))]:
            yield f"{where} is {wrong!r}", _with(answer, path, wrong)


def restyled(answer: Any) -> Iterator[tuple[str, Any]]:
    """The same numbers written the other way, one field at a time: as a text, or no longer as one."""
    for path in _fields(answer):
        value = _at(answer, path)
        where = ".".join(str(step) for step in path)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield f"{where} as a text", _with(answer, path, f"{value:.12f}" if isinstance(value, float) else str(value))
        elif isinstance(value, str) and value.lstrip("-").isdigit():
            yield f"{where} as a number", _with(answer, path, int(value))


def _fields(value: Any, path: Path = ()) -> Iterator[Path]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        if isinstance(key, str):
            yield *path, key
        yield from _fields(member, (*path, key))


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _with(answer: Any, path: Path, value: Any = None, *, drop: bool = False, rename: bool = False) -> Any:
    changed = copy.deepcopy(answer)
    holder = _at(changed, path[:-1])
    if drop:
        del holder[path[-1]]
    elif rename:
        holder[f"{path[-1]}_v2"] = holder.pop(path[-1])
    else:
        holder[path[-1]] = value
    return changed
