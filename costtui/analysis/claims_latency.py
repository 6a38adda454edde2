"""Claims about the network and about answers in no time."""

from costtui.analysis.claims import Claim, Facts, Verdict

NETWORK_MS = 50, 200
INSTANT_MS = 10
FASTEST_GB_PER_SECOND = 3_350
"""Memory of one H100 SXM (its data sheet): each token reads all weights once, so this bounds a lone answer."""


def latency_claims(facts: Facts) -> list[Claim]:
    """From medians of the time to the first byte."""
    return [_network(facts), _instant(facts)]


def _network(facts: Facts) -> Claim:
    figure = "the network to an API takes 50 to 200 ms"
    api, own = facts.api_first_byte_ms, facts.own_first_byte_ms
    if api is None:
        return Claim(figure, Verdict.UNKNOWN, "no API has answered through the gateway of late")
    more = "" if own is None else f"; own engines after {own} ms"
    because = f"their first byte comes after {api} ms at the median, network and model together{more}"
    if api < NETWORK_MS[0]:
        return Claim(figure, Verdict.FAILS, because)
    return Claim(figure, Verdict.DEPENDS, f"{because}: at most so much of it is network")


def _instant(facts: Facts) -> Claim:
    figure = "own engines answer within 10 ms"
    own = facts.own_first_byte_ms
    largest = FASTEST_GB_PER_SECOND * INSTANT_MS / 1000
    bound = f"one token reads all weights: more than {largest:.1f} GB on each H100 takes longer than 10 ms"
    if own is None:
        return Claim(figure, Verdict.UNKNOWN, f"no own engine has answered through the gateway of late; {bound}")
    verdict = Verdict.HOLDS if own < INSTANT_MS else Verdict.FAILS
    return Claim(figure, verdict, f"the first byte of yours comes after {own} ms at the median; {bound}")
