"""Which changes by hand are in force: a pure function of all of them and the moment."""

from collections.abc import Iterable, Mapping, Sequence

from costtui.domain.control import Kind, Revision

Scope = tuple[str, str]


def newest(revisions: Iterable[Revision]) -> dict[Scope, Revision]:
    """The last revision of each scope, whether or not it is in force: the next one's parent. Oldest come first."""
    return {revision.scope: revision for revision in revisions}


def in_force(revisions: Sequence[Revision], now_ms: int) -> dict[Scope, Revision]:
    """The revision that holds in each scope at `now_ms`; scopes without one follow the configuration alone.

    An undo brings back what held before the change that it takes back. A change that ended by itself brings back
    nothing: the route's own strategy resumes.
    """
    held = standing(revisions)
    last = {revision.scope: held[revision.revision_id] for revision in revisions}
    return {scope: found for scope, found in last.items() if found is not None and _lasts(found, now_ms)}


def standing(revisions: Iterable[Revision]) -> Mapping[int, Revision | None]:
    """What held in its scope once each revision was made, by its id; None: the configuration alone."""
    held: dict[int | None, Revision | None] = {}
    for revision in revisions:
        if revision.kind is not Kind.UNDO:
            held[revision.revision_id] = revision
            continue
        undone = held.get(revision.parent)
        held[revision.revision_id] = None if undone is None else held.get(undone.parent)
    return {revision_id: found for revision_id, found in held.items() if revision_id is not None}


def _lasts(revision: Revision, now_ms: int) -> bool:
    return revision.until_ms is None or now_ms < revision.until_ms
