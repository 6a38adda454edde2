"""Strings that attack a terminal, and pictures that are full of them."""

import random

import msgspec

from costtui.report.schema import ConfigState, Host, Process, Slice, Source, Status, TargetState, Warn
from tests.tui.pictures import AT, budgets, carried, decisions, eight_gpus, engines, routes, share, status

MARK = "Q"
"""Stands in every payload after its attack, so that a test can see that the text itself was shown."""
_PIECES = (
    "\x1b[2J", "\x1b[6n", "\x1bc", "\x1b]52;c;cm0gLXJmIH4=\x1b\\", "\x1b]52;c;cm0=\x07", "\x1b]0;owned\x07",
    "\x1b]8;;http://evil.example/\x1b\\", "\x9b31m", "\x9d52;c;eA==\x9c", "\x90q\x9c", "\x00", "\x07", "\x08\x08",
    "\r", "\n", "\t", "\x7f", "\x0e", "\u202e", "\u2066", "\u200b", "\ufeff", "\U000e0041", "\ud800",
    "e" + "\u0301" * 200, "[@click=app.quit]x[/]", "[/foo]", "[bold red]", "[link=http://evil.example]x[/link]",
    "%s{0}", "模型", "👩‍👩‍👧", "'; DROP TABLE", "\x1b[?1049l", "\x1b_G\x1b\\", "\x1b^x\x1b\\",
)  # fmt: skip


def payloads(count: int, seed: int = 1) -> list[str]:
    """Every piece alone first, then random mixtures of them."""
    dice = random.Random(seed)
    mixed = ["".join(dice.choices(_PIECES, k=dice.randint(1, 6))) for _ in range(max(count - len(_PIECES), 0))]
    return [text + MARK for text in (*_PIECES, *mixed)][:count]


def _carried(text: str) -> dict[str, object]:
    replace, whole = msgspec.structs.replace, carried()
    assert whole.api is not None
    assert whole.gateway is not None
    target = TargetState(name=text, open=False, why=text, in_flight=1)
    words = dict.fromkeys(("name", "strategy", "in_force", "overridden_by", "override_reason"), text)
    told = dict.fromkeys(
        ("route", "target", "provider", "model", "operation", "key", "user", "outcome", "usage", "provenance"), text
    )
    shares = (share(text, 0.5, 0.5),)
    return {
        "api": replace(
            whole.api,
            providers=tuple(replace(each, provider=text, provenance=text) for each in whole.api.providers),
            provenance=text,
            unknown=(f"api:{text}",),
        ),
        "gateway": replace(whole.gateway, listen=text, targets=(target,), trouble=(text,)),
        "routes": tuple(
            replace(each, **words, targets=(text,), shares=shares, drained=(text,), boundary=(text,))
            for each in routes()
        ),
        "decisions": tuple(replace(each, **told, price_model=text, reason=text) for each in decisions()),
    }


def hostile_status(text: str) -> Status:
    """Every string that comes from outside is `text`."""
    replace = msgspec.structs.replace
    process = Process(pid=1, memory_bytes=None, owner=text, command=text, reason=text)
    part = Slice(uuid=text, name=text, memory_used_bytes=1, memory_total_bytes=2)
    gpus = tuple(
        replace(gpu, name=text, reason=text, rate_note=text, rate_source=text, processes=(process,), mig=(part,))
        for gpu in eight_gpus()
    )
    served = tuple(replace(engine, name=text, model=text, reason=text, url=text, kind=text) for engine in engines())
    limits = tuple(replace(budget, name=text, unknown=(text,), window=text) for budget in budgets())
    return status(
        at=AT,
        **_carried(text),
        host=Host(name=text, timezone=text, driver=text),
        gpus=gpus,
        engines=served,
        budgets=limits,
        unknown=(text,),
        warnings=(Warn(key=text, level=text, text=text, since=AT), Warn(key="w", level="warn", text=text)),
        sources=(Source(name=text, state=text, age_seconds=None, reason=text, remedy=text),),
        config=ConfigState(path=text, loaded_at=None, problems=(text,)),
    )
