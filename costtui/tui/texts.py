"""Screens that are read: warnings, what cannot be seen and why, help."""

from costtui.report.schema import Status
from costtui.report.words import duration
from costtui.tui.line import Line, Role, Row, Run, wrapped
from costtui.tui.overview import Body, level_of
from costtui.tui.scene import Scene

_HELP = """\
KEYS
 1 overview   2 GPUs   3 routes   4 spend   5 own GPUs against APIs   6 budgets   7 requests, and why each went there
 8 what providers billed, beside what was metered   9 advice, and what it saved
 w warnings   i what cannot be seen, and why   ? this help   esc back
 s   shift a route's traffic by hand   p   pin a route to one target   d   drain a target
 b   another limit for a budget, for a while   u   undo your last change
     each shows its effect first, ends by itself, and is kept with your name
 [ ]   look back in time, a step older or newer; 0 returns to now
 g   spend by provider, model, route, key or token kind
 + -   on screen 5, try another number; x as measured again; g the bill behind it; l logarithms
 on screen 9   enter why; y copy the command; s open the shift it advises; g the map of idle hours
 up down j k   select; home end page up page down
 enter   open or close a row: the GPUs of a group, the details of a request
 /   show only rows that contain a text; enter keeps it, esc drops it
 o   sort by: index, idle $ today, $/h, state, memory; O reverses
 y   copy the selected row to the clipboard of your terminal (OSC 52)
 S   save this screen as SVG and text   t   next theme   m   release the mouse, or take it back
 q   quit: the agent goes on

MARKS
 ?   not known; the reason is on screen i or beside it. It is never counted as 0
 ≥   at least: a part of this sum is not known     ~   estimated or projected
 -   does not apply    list   a dated list price, not your own    SIM   a simulated host

STATES
 busy          works on requests
 low           works below 30 % of what its engine has shown it can do
 idle loaded   holds a model, and nobody asks
 empty         holds nothing
 other         held by something that is no LLM engine
 LOST          the driver lost it; the rent is still owed
 unknown       cannot be told; not counted as idle

MONEY
 API $/h      what the gateway metered in the last five minutes, at that pace for an hour
 metered      tokens that were counted, times a price   ~ est   counted here, the answer did not say
 no price     requests whose cost is not known: in no sum; costtui prices says why
 self-hosted  shares of rent and power: never added to what APIs cost, nor to the rent
 saved        by costtui's cache: what the hits would have cost; by providers' caches: net of writes

COLUMNS
 cap          output of the engine against its best minute
 GB           memory in use in GiB, a mean where a row stands for several GPUs
 idle $       rent of the time that was idle loaded or empty since midnight
 $/Mtok       rent and power for a million tokens, input and output together, idle time included
 in use       the same without the time in which the engine did not work
 queue        requests running + waiting
 cached       input tokens found in the prefix cache
 rates        contract: yours. list price: public, dated. owned: price spread over its life
 watts, temperatures and tokens/s are rounded on purpose: what trembles is not news
"""


def help_screen(scene: Scene) -> Body:
    """Keys, marks, states and columns."""
    return _text(scene, _HELP.splitlines())


def warnings_screen(scene: Scene, status: Status) -> Body:
    """Every warning in full."""
    if not status.warnings:
        return _text(scene, ["WARNINGS", " nothing to warn about"])
    rows = [Row((Run(" WARNINGS", "head"),))]
    for warn in status.warnings:
        sign, role = level_of(warn.level)
        since = f"  since {scene.clock(warn.since)}" if warn.since else ""
        rows += _wrapped(scene, f"{sign:2} {warn.text}{since}", role, warn.key)
    return Body((), tuple(rows))


def sources_screen(scene: Scene, status: Status) -> Body:
    """What is read, what is not, why, and what to do about it."""
    rows = [Row((Run(" SOURCES", "head"),))]
    for source in status.sources:
        role: Role = "plain" if source.state == "ok" else "bad"
        age = "" if source.state == "ok" else f", last answer {duration(source.age_seconds)} ago"
        detail = ": ".join(part for part in (source.reason, source.remedy) if part)
        rows += _wrapped(scene, f"{source.name}  {source.state}{age}  {detail}", role, source.name)
    rows += _wrapped(scene, f"not in any sum: {', '.join(status.unknown) or 'nothing, all parts are known'}")
    rows.append(Row((Run(" "),)))
    rows.append(Row((Run(" CONFIGURATION", "head"),)))
    rows += _wrapped(scene, f"{status.config.path or 'none found: list prices only; costtui init writes one'}")
    if status.config.loaded_at:
        rows += _wrapped(scene, f"in force since {scene.clock(status.config.loaded_at)}")
    for problem in status.config.problems:
        rows += _wrapped(scene, f"{problem}", "bad")
    return Body((), tuple(rows))


def _wrapped(scene: Scene, text: str, role: Role = "plain", key: str | None = None) -> list[Row]:
    pieces = wrapped(scene.glyphs.own(text), max(scene.width - 1, 1))
    return [Row((Run(piece, role),), key if index == 0 else None) for index, piece in enumerate(pieces)]


def _text(scene: Scene, texts: list[str]) -> Body:
    rows: list[Row] = []
    for text in texts:
        if text and text == text.upper() and not text.startswith(" "):
            rows.append(Row((Run(f" {text}", "head"),)))
        else:
            rows += _wrapped(scene, text)
    return Body((), tuple(rows))


def absent_screen(scene: Scene) -> Body:
    """What to do where there is nothing to show."""
    line: Line = (Run(" Nothing that this version can read is recorded in this state directory.", "plain"),)
    hint = _wrapped(scene, "costtui agent start   starts the recorder; costtui demo   shows costtui without a GPU")
    return Body((), (Row(line), *hint))
