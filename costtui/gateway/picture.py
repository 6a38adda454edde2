"""What the gateway tells the screens of itself each second, as JSON."""

import json
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from costtui.domain.clean import clean

if TYPE_CHECKING:
    from costtui.gateway.admission.desk import AdmissionDesk
    from costtui.gateway.cache import AnswerCache
    from costtui.gateway.relay import Relay
    from costtui.gateway.router import Router


def picture(relay: "Relay", revision: int, warnings: Sequence[str]) -> bytes:
    """Who, since when, how busy, which targets are left alone and why; no secret and no prompt is in reach of it."""
    trouble = relay.ledger.trouble
    told = [
        *warnings,
        *relay.tables.pricing.unmatched.values(),
        *([] if relay.desk is None else relay.desk.troubles()),
        *([] if trouble is None else [f"{trouble.reason}; {trouble.remedy}"]),
    ]
    return json.dumps(
        {
            "schema": "costtui.gateway/1",
            "pid": os.getpid(),
            "at_ms": relay.clock_ms(),
            "listen": relay.limits.listen,
            "draining": relay.draining,
            "revision": revision,
            "requests": relay.requests,
            "in_flight": relay.in_flight,
            "connections": len(relay.clients),
            "refusals": relay.refusals,
            "targets": {name: _target(relay, name) for name in relay.tables.addresses},
            "caches": {name: _cache(cache, relay.now()) for name, cache in relay.tables.caches.items()},
            "budgets": {} if relay.desk is None else dict(_budgets(relay.desk)),
            "trouble": [clean(text, 500) for text in told],
        }
    ).encode()


def decisions(router: "Router", at_ms: int) -> bytes:
    """The newest decisions, newest last, each with all that it might have been and why it was not."""
    return json.dumps(
        {
            "schema": "costtui.decisions/1",
            "at_ms": at_ms,
            "decisions": [
                {
                    "at_ms": noted.at_ms,
                    "request_id": noted.request_id,
                    "route": clean(noted.decision.way.route, 200),
                    "target": noted.decision.targets[0] if noted.decision.targets else "",
                    "reason": clean(noted.reason, 500),
                    "candidates": [each._asdict() for each in noted.decision.candidates()],
                }
                for noted in router.noted
            ],
        }
    ).encode()


def _budgets(desk: "AdmissionDesk") -> Iterator[tuple[str, dict[str, object]]]:
    for account in desk.covering.all:
        yield (
            account.budget.name,
            {
                "limit_nano": account.limit,
                "settled_nano": account.settled,
                "held_nano": account.held + account.elsewhere,
                "denied": account.denied,
                "resets_ms": account.ends_ms,
                "stage": account.stage,
            },
        )


def _cache(cache: "AnswerCache", now: float) -> dict[str, object]:
    return {
        "hits": cache.hits,
        "misses": cache.misses,
        "bytes": cache.size_bytes,
        "seconds": 0 if cache.began is None else round(now - cache.began),
        "pushed_out": cache.pushed_out,
        "expired": cache.expired,
    }


def _target(relay: "Relay", name: str) -> dict[str, object]:
    address, breaker = relay.tables.addresses[name], relay.breakers.get(name)
    why = address.trouble or (breaker.why if breaker is not None and name in relay.closed else "")
    told = {"open": not why, "why": clean(why, 300), "in_flight": address.in_flight}
    held = None if relay.router is None else relay.router.steering.facts.targets.get(name)
    if held is not None and held.serving is not None:
        busy = held.pending + held.running + held.foreign
        told |= {"room": max(held.serving.streams - busy, 0), "spilling": held.spilling, "asleep": held.asleep}
    return told
