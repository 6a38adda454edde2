"""`cascade` of a route: which share goes to the cheaper model, what tags say, and what a score may not decide."""

from collections.abc import Sequence

from costtui.config.model import Target
from costtui.config.table import Table
from costtui.domain.cascade import CascadeTerms, Effort


def read_cascade(table: Table, strategy: str, ways: Sequence[str], targets: Sequence[Target]) -> CascadeTerms | None:
    """None for a route of another strategy, which may not have it."""
    inner = table.table("cascade")
    usual = CascadeTerms()
    percent = inner.number("simple_percent", low=1, high=99)
    labels = inner.table("labels")
    said = tuple((tag, Effort(labels.choice(tag, tuple(Effort), "simple"))) for tag in labels.names_given())
    crosses = inner.flag("cross_locality")
    inner.close()
    if strategy != "cascade":
        if "cascade" in table:
            table.wrong("cascade", 'belongs to strategy = "cascade"')
        return None
    _keep_inside(table, ways, targets, crosses=crosses)
    return CascadeTerms(usual.simple_percent if percent is None else int(percent), said, crosses)


def _keep_inside(table: Table, ways: Sequence[str], targets: Sequence[Target], *, crosses: bool) -> None:
    """Whether a prompt leaves the premises is never up to a score, unless the user says so."""
    local = {target.name: target.local for target in targets}
    inside = [way for way in ways if local.get(way) is True]
    outside = [way for way in ways if local.get(way) is False]
    if inside and outside and not crosses:
        table.wrong(
            "targets",
            f"would let a score decide whether prompts stay here ({', '.join(inside)}) or leave ({', '.join(outside)});"
            " list one kind, or say cascade = { cross_locality = true }",
        )
