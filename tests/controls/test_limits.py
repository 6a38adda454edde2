"""What another limit does to a budget, from where it stands and its pace."""

from dataclasses import dataclass
from decimal import Decimal

from costtui.controls.limits import limit_effect

NOON_MS = 1_795_435_200_000
HOUR_MS = 3_600_000
D = Decimal
LIMIT, USED, PROJECTED = D(100), D(60), D(180)


@dataclass
class Standing:
    """As the agent's picture has it."""

    name: str = "day"
    limit_usd: Decimal = LIMIT
    used_usd: Decimal | None = USED
    projected_usd: Decimal | None = PROJECTED
    runs_out_at: str | None = None
    resets_at: str = "2026-11-24T00:00:00.000Z"


def test_at_the_present_pace_a_higher_limit_lasts_longer() -> None:
    effect = limit_effect([Standing()], "day", D(100), D(150), NOON_MS)
    assert [effect.percent(D(100)), effect.percent(D(150))] == [60, 40]
    assert effect.runs_out_ms == NOON_MS + 4 * HOUR_MS  # 10 an hour
    assert effect.new_runs_out_ms == NOON_MS + 9 * HOUR_MS
    assert limit_effect([Standing()], "day", D(100), D(181), NOON_MS).new_runs_out_ms is None
    assert limit_effect([Standing()], "day", D(100), D(50), NOON_MS).new_runs_out_ms == NOON_MS


def test_where_nobody_says_what_was_spent_only_the_limits_are_known() -> None:
    for standings in ([], [Standing(used_usd=None)], [Standing(name="other")]):
        effect = limit_effect(standings, "day", D(100), D(150), NOON_MS)
        assert (effect.known, effect.used_usd, effect.percent(D(100))) == (False, None, None)
    rolling = limit_effect([Standing(resets_at="", projected_usd=None)], "day", D(100), D(150), NOON_MS)
    assert (rolling.known, rolling.used_usd) == (False, D(60))


def test_nothing_runs_out_while_nothing_is_spent() -> None:
    effect = limit_effect([Standing(projected_usd=D(60))], "day", D(100), D(150), NOON_MS)
    assert (effect.known, effect.runs_out_ms, effect.new_runs_out_ms) == (True, None, None)
