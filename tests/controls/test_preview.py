"""What a change would do, shown before it is made."""

from dataclasses import replace
from decimal import Decimal

from costtui.config.model import Config, Route, Target
from costtui.controls.desk import Desk
from costtui.controls.preview import RouteEffect, preview
from costtui.domain.amount import Amount, Provenance
from costtui.domain.control import Revision
from costtui.domain.money import NanoUsd
from costtui.domain.price import TokenPrice
from costtui.store.ledger.rows import SpendRow

CONFIG = Config(
    targets=(
        Target("llama", engine="vllm"),
        Target("novita", provider="novita", model="n"),
        Target("opus", provider="anthropic", model="o"),
    ),
    routes=(Route("chat", "idle-first", ("llama", "novita", "opus")), Route("code", "cheapest", ("opus",))),
)
NOW = 1_000_000
NOVITA = TokenPrice("novita", "n", Decimal("0.10"), Decimal("0.40"), cached_input=Decimal("0.05"))


def row(
    target: str, nano: int | None, *, tokens: tuple[int, int, int], hosted: bool = False, unpriced: int = 0
) -> SpendRow:
    """Spend of one target; tokens are input, cached input and output."""
    given, cached, made = tokens
    return SpendRow(
        labels=(target,), self_hosted=hosted, requests=1, attempts=1, failed=0, unpriced=unpriced, estimated=0,
        input_tokens=given, output_tokens=made, cached_input_tokens=cached, cache_write_tokens=0, reasoning_tokens=0,
        input_nano=0, cached_input_nano=0, cache_write_nano=0, output_nano=0, flat_nano=0, nano=nano, saved_nano=0,
        cache_hits=0, provenances=frozenset(),
    )  # fmt: skip


HOUR = {
    "chat": (
        row("llama", 77, tokens=(3_000_000, 1_000_000, 500_000), hosted=True),
        row("novita", 125_000_000, tokens=(1_000_000, 0, 500_000)),
    )
}


def desk(*revisions: Revision) -> Desk:
    """Ana's."""
    return Desk(CONFIG, revisions, "ana", NOW)


def effect_of(draft: Revision, *revisions: Revision) -> RouteEffect:
    """The one effect on chat."""
    (effect,) = preview(CONFIG, revisions, draft, NOW, HOUR, {"novita": NOVITA}).effects
    return effect


def test_shares_now_and_then_are_shown_for_every_target_of_the_route() -> None:
    effect = effect_of(desk().shift("chat", {"llama": 3, "novita": 1}, NOW + 60_000))
    assert [(share.target, int(share.before), int(share.after)) for share in effect.shares] == [
        ("llama", 100, 75),
        ("novita", 0, 25),
        ("opus", 0, 0),
    ]
    assert (effect.before, effect.after, effect.resumes, effect.refused) == (
        "idle-first", "weighted", "idle-first", False,
    )  # fmt: skip


def test_the_last_hours_tokens_are_priced_at_the_shares_asked_for() -> None:
    # 4 M input of which 1 M cached, 1 M output at novita: 3 x 0.10 + 1 x 0.05 + 1 x 0.40 = 0.75 $; a quarter: 0.1875 $
    effect = effect_of(desk().shift("chat", {"llama": 3, "novita": 1}, None))
    assert effect.api_before == Amount(NanoUsd(125_000_000), Provenance.METERED)
    assert effect.api_after == Amount(NanoUsd(187_500_000), Provenance.ESTIMATED)


def test_a_target_without_a_price_is_named_and_never_counted_as_nothing() -> None:
    effect = effect_of(desk().shift("chat", {"novita": 1, "opus": 1}, None))
    assert effect.api_after == Amount(NanoUsd(375_000_000), Provenance.ESTIMATED, ("opus",))
    only = effect_of(desk().pin("chat", "opus", None))
    assert (only.api_after.nano, only.api_after.unknown) == (None, ("opus",))


def test_charges_that_are_unknown_in_part_are_named_in_what_was_paid() -> None:
    rows = {"chat": (row("novita", 5, tokens=(1, 0, 1), unpriced=2), row("opus", None, tokens=(1, 0, 1), unpriced=1))}
    draft = desk().pin("chat", "llama", None)
    (effect,) = preview(CONFIG, (), draft, NOW, rows, {}).effects
    assert effect.api_before == Amount(NanoUsd(5), Provenance.METERED, ("novita", "opus"))
    assert effect.api_after.nano == 0


def test_a_drain_shows_every_route_that_it_touches_and_which_it_leaves_with_nothing() -> None:
    shown = preview(CONFIG, (), desk().drain("opus", None), NOW, HOUR, {})
    assert [(effect.route, effect.refused) for effect in shown.effects] == [("chat", False), ("code", True)]


def test_an_undo_shows_what_comes_back() -> None:
    shifted = replace(desk().shift("chat", {"novita": 1}, None), revision_id=1)
    effect = effect_of(desk(shifted).undo(), shifted)
    assert (effect.before, effect.after) == ("weighted", "idle-first")
    assert [share.after for share in effect.shares] == [100, 0, 0]
