"""Moving traffic by hand in one step, for whoever has shown the effect already; see `desk` and `preview`."""

from collections.abc import Mapping

from costtui.config.model import Config
from costtui.controls.desk import Desk
from costtui.domain.control import Revision
from costtui.store.controls import ControlsStore


def shift(
    store: ControlsStore,
    config: Config,
    route: str,
    weights: Mapping[str, int],
    until_ms: int | None,
    actor: str,
    reason: str,
    now_ms: int,
) -> Revision:
    """Share a route's traffic out until a moment. Raises UsageError for what makes no sense, Superseded where somebody
    else was quicker."""
    desk = Desk(config, store.state().revisions, actor, now_ms, reason)
    return store.add_revision(desk.shift(route, weights, until_ms))


def pin(
    store: ControlsStore,
    config: Config,
    route: str,
    target: str,
    until_ms: int | None,
    actor: str,
    reason: str,
    now_ms: int,
) -> Revision:
    """Send all of a route's traffic to one target."""
    return store.add_revision(Desk(config, store.state().revisions, actor, now_ms, reason).pin(route, target, until_ms))


def drain(
    store: ControlsStore, config: Config, target: str, until_ms: int | None, actor: str, reason: str, now_ms: int
) -> Revision:
    """Give a target nothing new."""
    return store.add_revision(Desk(config, store.state().revisions, actor, now_ms, reason).drain(target, until_ms))


def end_drain(store: ControlsStore, config: Config, target: str, actor: str, reason: str, now_ms: int) -> Revision:
    """Let a drained target take requests again."""
    return store.add_revision(Desk(config, store.state().revisions, actor, now_ms, reason).end_drain(target))


def undo(store: ControlsStore, config: Config, actor: str, now_ms: int) -> Revision:
    """Take back one's own last change that is in force."""
    return store.add_revision(Desk(config, store.state().revisions, actor, now_ms).undo())
