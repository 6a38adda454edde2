"""`costtui compare`: what one's own traffic would have cost at each seller of the same model."""

import contextlib

from costtui.cli.cells import json_line
from costtui.cli.given import Given
from costtui.cli.picture import now_ms
from costtui.config.load import load
from costtui.domain.money import MS_PER_HOUR
from costtui.errors import SourceError, UsageError
from costtui.rates.prices import PriceBook
from costtui.report.counterfactual import Compared, Offer, counterfactual
from costtui.report.money import iso, usd
from costtui.report.words import count, money
from costtui.store.ledger.reader import LedgerReader

SCHEMA = "costtui.compare/1"
HOURS = {"hour": 1, "day": 24, "month": 30 * 24}
CAVEATS = (
    "Estimates at list prices, cached input at the cached rate. ≥: dearer for long requests, whose sizes are gone.",
    "Rent of own GPUs is owed anyway and in no amount here. Only the same model is compared.",
)


def run(given: Given) -> int:
    """A table for each model, or one JSON document."""
    window = given.value("--last") or "day"
    if window not in HOURS:
        raise UsageError(f"--last {window} is no span", "say --last hour, --last day or --last month (30 days)")
    flags = given.flags("--json")
    given.no_more()
    at_ms = now_ms()
    from_ms = at_ms - HOURS[window] * MS_PER_HOUR
    try:
        book = PriceBook.load(given.state_dir)
    except SourceError:
        book = None
    config = load(given.config_path, at_ms)
    with contextlib.closing(LedgerReader(given.state_dir)) as ledger:
        found = counterfactual(ledger, config, book, from_ms, at_ms)
    if "--json" in flags:
        models = [_fields(each) for each in found]
        print(json_line({"schema": SCHEMA, "from": iso(from_ms), "to": iso(at_ms), "models": models}))
    else:
        lines = [line for each in found for line in _lines(each)]
        print("\n".join([*lines, *CAVEATS] if lines else [f"no traffic is in the ledger for the last {window}"]))
    return 0


def _fields(each: Compared) -> dict[str, object]:
    return {
        "model": each.model,
        "requests": each.requests,
        "input_tokens": each.input_tokens,
        "cached_input_tokens": each.cached_tokens,
        "output_tokens": each.output_tokens,
        "self_hosted_tokens": each.hosted_tokens,
        "estimated_attempts": each.estimated,
        "paid_to_apis_usd": usd(each.paid_nano),
        "not_comparable": each.reason or None,
        "offers": [
            {
                "seller": offer.name,
                "usd": usd(offer.nano),
                "configured": offer.configured,
                "at_least": offer.at_least,
                "reason": offer.reason or None,
            }
            for offer in each.offers
        ],
    }


def _lines(each: Compared) -> list[str]:
    head = (
        f"{each.model}  {count(each.requests)} requests, {count(each.input_tokens)} in"
        f" ({count(each.cached_tokens)} cached), {count(each.output_tokens)} out;"
        f" paid to APIs ${money(usd(each.paid_nano))}, {count(each.hosted_tokens)} tokens by own engines"
    )
    guessed = [f"  tokens of {count(each.estimated)} attempts are estimates"] if each.estimated else []
    reason = [f"  not comparable: {each.reason}"] if each.reason else []
    return [head, *guessed, *_offers(each.offers), *reason, ""]


def _offers(offers: tuple[Offer, ...]) -> list[str]:
    width = max((len(offer.name) for offer in offers), default=0)
    return [_line(offer, max(width, 32)) for offer in offers]


def _line(offer: Offer, width: int) -> str:
    amount = money(usd(offer.nano), more=offer.at_least and offer.nano is not None)
    said = offer.reason or ("configured" if offer.configured else "")
    return f"  {offer.name:<{width}} {amount:>14}  {said}".rstrip()
