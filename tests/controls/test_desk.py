"""Changes by hand: what is allowed, whose they are, and taking them back."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from costtui.config.model import Config, Host, Route, Target
from costtui.controls import changes
from costtui.controls.desk import Desk
from costtui.domain.control import Kind, Revision
from costtui.errors import CosttuiError, UsageError
from costtui.policy.overlay import in_force
from costtui.policy.plan import plans
from costtui.store.controls import ControlsStore, Superseded

CONFIG = Config(
    targets=tuple(Target(name, provider="openai", model=name) for name in ("llama", "novita", "opus")),
    routes=(
        Route("chat", "idle-first", ("llama", "novita")),
        Route("code", "cheapest", ("opus", "novita")),
        Route("legal", "pinned", ("llama", "novita"), boundary=("llama",)),
    ),
)
NOW = 1_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ControlsStore]:
    """A fresh one."""
    with closing(ControlsStore.open(tmp_path)) as opened:
        yield opened


def desk(actor: str = "ana", *revisions: Revision, config: Config = CONFIG) -> Desk:
    """Somebody who has seen these revisions."""
    return Desk(config, revisions, actor, NOW)


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (lambda at: at.shift("chta", {"llama": 1}, None), "no route chta; known: chat, code, legal"),
        (lambda at: at.shift("chat", {"opus": 1}, None), "opus is no target of chat; known: llama, novita"),
        (lambda at: at.shift("chat", {"llama": 0, "novita": 0}, None), "needs a share above 0"),
        (lambda at: at.shift("chat", {}, None), "needs a share above 0"),
        (lambda at: at.shift("chat", {"llama": -1, "novita": 2}, None), "must be 0 to 1000000, not -1"),
        (lambda at: at.shift("chat", {"llama": 1}, NOW), "has passed already"),
        (lambda at: at.shift("legal", {"novita": 1}, None), "novita is outside the boundary of legal"),
        (lambda at: at.pin("legal", "novita", None), "outside the boundary"),
        (lambda at: at.pin("chat", "opus", None), "opus is no target of chat"),
        (lambda at: at.drain("gmi", None), "no target gmi; known: llama, novita, opus"),
        (lambda at: at.end_drain("llama"), "llama is not drained"),
        (lambda at: at.undo(), "there is nothing to undo"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(ask: Callable[[Desk], Revision], what: str) -> None:
    with pytest.raises(CosttuiError, match=what):
        ask(desk())


@pytest.mark.parametrize(
    "ask",
    [
        lambda at: at.shift("chat", {"llama": 1}, None),
        lambda at: at.pin("chat", "llama", None),
        lambda at: at.drain("llama", None),
        lambda at: at.end_drain("llama"),
        lambda at: at.undo(),
    ],
)
def test_where_control_is_off_nothing_can_be_changed(ask: Callable[[Desk], Revision]) -> None:
    off = replace(CONFIG, host=Host(control="off"))
    with pytest.raises(CosttuiError, match="changes by hand are off"):
        ask(desk(config=off))


def test_a_shift_is_in_force_until_its_end_and_signed(store: ControlsStore) -> None:
    made = changes.shift(store, CONFIG, "chat", {"novita": 10, "llama": 90}, NOW + 50, "ana", " night batch ", NOW)
    assert (made.actor, made.reason, made.weights) == ("ana", "night batch", (("llama", 90), ("novita", 10)))
    assert plans(CONFIG, store.state().revisions, NOW).plans["chat"].shares == (90, 10)
    assert plans(CONFIG, store.state().revisions, NOW + 50).plans["chat"].strategy == "idle-first"


def test_undo_takes_back_ones_own_last_change_wherever_it_was(store: ControlsStore) -> None:
    changes.pin(store, CONFIG, "chat", "novita", None, "ana", "", NOW)
    changes.shift(store, CONFIG, "chat", {"llama": 1}, None, "ana", "", NOW + 1)
    changes.pin(store, CONFIG, "code", "opus", None, "bob", "", NOW + 2)
    changes.undo(store, CONFIG, "ana", NOW + 3)
    held = in_force(store.state().revisions, NOW + 3)
    assert {scope: revision.kind for scope, revision in held.items()} == {
        ("chat", ""): Kind.PIN,
        ("code", ""): Kind.PIN,
    }
    changes.undo(store, CONFIG, "ana", NOW + 4)
    assert list(in_force(store.state().revisions, NOW + 4)) == [("code", "")]
    with pytest.raises(CosttuiError, match="the pin of code by bob, who can undo it"):
        changes.undo(store, CONFIG, "ana", NOW + 5)


def test_undo_does_not_reach_under_somebody_elses_later_change(store: ControlsStore) -> None:
    changes.drain(store, CONFIG, "opus", None, "ana", "", NOW)
    changes.pin(store, CONFIG, "chat", "novita", None, "ana", "", NOW)
    changes.shift(store, CONFIG, "chat", {"llama": 1}, None, "bob", "", NOW)
    before = store.state()
    with pytest.raises(CosttuiError, match="the shift of chat by bob"):
        changes.undo(store, CONFIG, "ana", NOW)
    assert store.state() == before


def test_a_change_that_ended_by_itself_is_not_undone_the_one_before_it_is(store: ControlsStore) -> None:
    changes.drain(store, CONFIG, "opus", None, "ana", "", NOW)
    changes.shift(store, CONFIG, "chat", {"llama": 1}, NOW + 5, "ana", "", NOW)
    changes.undo(store, CONFIG, "ana", NOW + 10)
    assert in_force(store.state().revisions, NOW + 10) == {}


def test_anybody_may_end_a_drain_by_naming_the_target_and_nobody_drains_twice(store: ControlsStore) -> None:
    changes.drain(store, CONFIG, "novita", None, "bob", "", NOW)
    with pytest.raises(CosttuiError, match="drained already, by bob"):
        changes.drain(store, CONFIG, "novita", None, "ana", "", NOW)
    changes.end_drain(store, CONFIG, "novita", "ana", "", NOW)
    assert in_force(store.state().revisions, NOW) == {}
    assert [row.actor for row in store.audit()] == ["ana", "bob"]


def test_a_change_prepared_before_somebody_elses_is_refused_and_changes_nothing(store: ControlsStore) -> None:
    drafted = desk("ana", *store.state().revisions).shift("chat", {"llama": 1}, None)
    changes.pin(store, CONFIG, "chat", "novita", None, "bob", "", NOW)
    with pytest.raises(Superseded, match="bob made a pin meanwhile"):
        store.add_revision(drafted)
    assert [each.actor for each in store.state().revisions] == ["bob"]
    elsewhere = desk("ana").shift("code", {"opus": 1}, None)
    assert store.add_revision(elsewhere).revision_id == 2


def test_names_and_reasons_from_outside_cannot_steer_a_terminal(store: ControlsStore) -> None:
    made = changes.pin(store, CONFIG, "chat", "llama", None, "a\x1b[31mna", "so\x1b]0;x\x07" + "y" * 500, NOW)
    assert "\x1b" not in made.actor + made.reason
    assert len(made.reason) <= 200


def test_a_refusal_is_a_usage_error_where_the_words_are_wrong() -> None:
    with pytest.raises(UsageError):
        desk().pin("chat", "opus", None)
