"""What is in force after changes, undone changes and changes that ended."""

import pytest

from costtui.domain.control import Kind, Revision
from costtui.policy.overlay import in_force, newest

CHAT = ("chat", "")
SHIFT, UNDO, PIN = Kind.SHIFT, Kind.UNDO, Kind.PIN


def chain(*steps: tuple[Kind, int | None]) -> tuple[Revision, ...]:
    """Changes of one route, each made on top of the one before, with their ends."""
    return tuple(
        Revision(number, "chat", number, "ana", "", kind, (("llama", 1),), until_ms, number - 1 or None)
        for number, (kind, until_ms) in enumerate(steps, start=1)
    )


@pytest.mark.parametrize(
    ("steps", "held"),
    [
        ([], None),
        ([(SHIFT, None)], 1),
        ([(SHIFT, None), (PIN, None)], 2),
        ([(SHIFT, None), (UNDO, None)], None),
        ([(SHIFT, None), (PIN, None), (UNDO, None)], 1),
        # a second undo goes further back instead of bringing back what the first one took
        ([(SHIFT, None), (PIN, None), (UNDO, None), (UNDO, None)], None),
        ([(SHIFT, None), (UNDO, None), (PIN, None)], 3),
        ([(SHIFT, None), (UNDO, None), (PIN, None), (UNDO, None)], None),
        # ends at 100 are over at 100; the strategy resumes, not what was in force before
        ([(SHIFT, None), (PIN, 100)], None),
        ([(SHIFT, None), (PIN, 101)], 2),
        # what an undo brings back keeps its own end
        ([(SHIFT, 100), (PIN, None), (UNDO, None)], None),
        ([(SHIFT, 101), (PIN, None), (UNDO, None)], 1),
        # an undo of nothing is nothing
        ([(UNDO, None)], None),
    ],
)
def test_what_is_in_force_follows_from_the_chain(steps: list[tuple[Kind, int | None]], held: int | None) -> None:
    found = in_force(chain(*steps), 100).get(CHAT)
    assert (None if found is None else found.revision_id) == held


def test_the_newest_revision_is_the_next_ones_parent_also_when_it_is_an_undo() -> None:
    assert newest(chain((SHIFT, None), (UNDO, None)))[CHAT].revision_id == 2


def test_routes_and_targets_of_one_name_do_not_mix() -> None:
    shift = Revision(1, "x", 1, "ana", "", SHIFT, (("llama", 1),))
    drain = Revision(2, "", 2, "ana", "", Kind.DRAIN, (("x", 0),))
    assert in_force((shift, drain), 5) == {("x", ""): shift, ("", "x"): drain}
