"""A price ready for the request path: whole numbers only, 1.2 us for the usage of a plain chat."""

from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from costtui.domain.amount import Provenance
from costtui.domain.charge import NO_CHARGE, Charge
from costtui.domain.money import nano_from_usd
from costtui.domain.price import RATES, TokenPrice
from costtui.domain.usage import Usage, UsageSource

_NANO_PER_TOKEN = 1_000
"""A dollar per million tokens is a thousand nano-dollars for each."""
_HOUR_WRITE = 2
"""What an hour's cache write costs in inputs, where only the usual write has a price (Anthropic's price list)."""
# Python 3.11 looks an enum's member up on its class with a function written in Python: 0.2 us each.
_NONE, _ESTIMATE = UsageSource.NONE, UsageSource.ESTIMATED
_METERED, _ESTIMATED = Provenance.METERED, Provenance.ESTIMATED
_OFFLINE = frozenset({"batch"})


class _Rates(NamedTuple):
    """Nano-USD per token, times the card's denominator; None: nobody stated it."""

    fresh: int
    cached: int
    write: int
    write_1h: int
    audio_in: int
    output: int | None
    audio_out: int | None


class PriceCard:
    """One TokenPrice in integers. `charge` rounds each kind once, half to even, to a whole nano-dollar."""

    __slots__ = ("_denominator", "_fee", "_ladders", "_per_image", "_per_search", "_plain", "free", "price")

    def __init__(self, price: TokenPrice) -> None:
        self.price = price
        self.free = price.free
        exact = _ladders(price)
        stated = [rate for ladder in exact.values() for _, rates in ladder for rate in rates.values()]
        self._denominator = lcm(*((rate * _NANO_PER_TOKEN).denominator for rate in stated if rate is not None))
        self._ladders = {
            tier: tuple((above, _whole(rates, self._denominator)) for above, rates in ladder)
            for tier, ladder in exact.items()
        }
        standard = self._ladders[""]
        self._plain = standard[0][1] if len(standard) == 1 else None
        self._fee = _fee_nano(price.usd_per_request) or 0
        self._per_image = _fee_nano(price.usd_per_image)
        self._per_search = _fee_nano(price.usd_per_web_search)

    @classmethod
    def of(cls, price: TokenPrice) -> "PriceCard":
        """The card of a price; made once, when a price comes into force."""
        return cls(price)

    def charge(self, usage: Usage) -> Charge | None:
        """What the usage costs; None where a kind was used that has no price. A cost that the answer states wins.

        A service tier that the price does not know (`default`, `auto`, `scale`) costs the standard price.
        """
        if usage.reported_nano is not None:
            return Charge(flat_nano=usage.reported_nano)
        if self.free:
            return NO_CHARGE
        rates = self._plain
        if rates is None or usage.service_tier:
            rates = self._rates(usage)
        return self._charge(usage, rates)

    def dearest(self) -> tuple[tuple[int, int, int | None], ...]:
        """(above, input, output), ascending: the dearest rates of any kind and service tier that an input of more than
        `above` tokens can reach, in nano-USD per million tokens rounded up; output is None where it has no price.

        Requests one by one never get the rates of a batch.
        """
        ladders = [ladder for name, ladder in self._ladders.items() if name not in _OFFLINE]
        found = []
        for above in sorted({step for ladder in ladders for step, _ in ladder}):
            rates = [rates for ladder in ladders for step, rates in ladder if step <= above]
            paid = max(max(each.fresh, each.cached, each.write, each.write_1h, each.audio_in) for each in rates)
            made = [max(each.output, each.audio_out or 0) for each in rates if each.output is not None]
            output = self._per_million(max(made)) if len(made) == len(rates) else None
            found.append((above, self._per_million(paid), output))
        return tuple(found)

    def _per_million(self, scaled: int) -> int:
        return -(-scaled * 1_000_000 // self._denominator)

    @property
    def fee_nano(self) -> int:
        """Of each request, whatever it uses."""
        return self._fee

    def _rates(self, usage: Usage) -> _Rates:
        """Of the highest tier that the request's whole input is above."""
        ladder = self._ladders.get(usage.service_tier) or self._ladders[""]
        held = ladder[0][1]
        for above, rates in ladder:
            if usage.input_tokens > above:
                held = rates
        return held

    def _charge(self, usage: Usage, rates: _Rates) -> Charge | None:
        (paid, made, cached, write, write_1h, _, audio_in, audio_out, images, searches, _, _) = usage
        flat = self._fee
        if images or searches:
            extra = self._extras(images, searches)
            if extra is None:
                return None
            flat += extra
        output_rate = rates.output
        if output_rate is None or rates.audio_out is None:
            if made or audio_out:
                return None
            output_rate = 0
        fresh = paid - cached - write - write_1h
        if fresh < 0:
            fresh = 0
        denominator = self._denominator
        fresh_cost = fresh * rates.fresh
        made_cost = made * output_rate
        if audio_in:
            fresh_cost += min(audio_in, fresh) * (rates.audio_in - rates.fresh)
        if audio_out and rates.audio_out is not None:
            made_cost += min(audio_out, made) * (rates.audio_out - output_rate)
        written = write * rates.write + write_1h * rates.write_1h
        by_kind = (
            _rounded(fresh_cost, denominator),
            _rounded(cached * rates.cached, denominator) if cached else 0,
            _rounded(written, denominator) if written else 0,
            _rounded(made_cost, denominator),
            flat,
        )
        return tuple.__new__(Charge, by_kind)  # its own constructor is written in Python and takes 0.3 us more

    def _extras(self, images: int, searches: int) -> int | None:
        """Fees by the piece; None where one that was used has no price."""
        if (images and self._per_image is None) or (searches and self._per_search is None):
            return None
        return images * (self._per_image or 0) + searches * (self._per_search or 0)


def attempt_charge(card: PriceCard | None, usage: Usage, source: UsageSource) -> tuple[Charge | None, Provenance]:
    """What one attempt costs, and how far that can be trusted.

    Nothing used costs nothing; a cost that the answer itself states needs no card.
    """
    if source is _NONE:
        return NO_CHARGE, _METERED
    if usage.reported_nano is not None:
        return Charge(flat_nano=usage.reported_nano), Provenance.METERED
    if card is None:
        return None, Provenance.UNKNOWN
    if card.free:
        return NO_CHARGE, Provenance.FREE
    charge = card.charge(usage)
    if charge is None:
        return None, Provenance.UNKNOWN
    return charge, _ESTIMATED if source is _ESTIMATE else _METERED


def _rounded(scaled: int, denominator: int) -> int:
    """`scaled / denominator`, half to even."""
    whole, rest = divmod(scaled, denominator)
    twice = rest + rest
    if twice > denominator or (twice == denominator and whole & 1):
        whole += 1
    return whole


def _ladders(price: TokenPrice) -> dict[str, list[tuple[int, dict[str, Fraction | None]]]]:
    """By service tier (empty: standard): exact rates and the input above which they hold, ascending from 0."""
    names = ["", *(name for name, _ in price.factors), *(tier.service_tier for tier in price.tiers)]
    ladders = {}
    for name in dict.fromkeys(names):
        steps = sorted({0, *(tier.above_input_tokens for tier in price.tiers if tier.service_tier in ("", name))})
        ladders[name] = [(above, _exact(price, name, above)) for above in steps]
    return ladders


def _exact(price: TokenPrice, service_tier: str, above: int) -> dict[str, Fraction | None]:
    """The rates just above `above` input tokens: the price, its highest tier over it, then the service tier."""
    stated = {kind: getattr(price, kind) for kind in RATES}
    _overlay(stated, price, "", above)
    factor = Fraction(1)
    if service_tier and not _overlay(stated, price, service_tier, above):
        factor = Fraction(dict(price.factors)[service_tier])
    if price.input_only:
        stated["output"] = None
    return {kind: None if rate is None else Fraction(rate) * factor for kind, rate in stated.items()}


def _overlay(stated: dict[str, Decimal | None], price: TokenPrice, service_tier: str, above: int) -> bool:
    """Whether the price lists the service tier at all; its highest row up to `above` is put over `stated`."""
    listed = [tier for tier in price.tiers if tier.service_tier == service_tier]
    reached = [tier for tier in listed if tier.above_input_tokens <= above]
    if reached:
        highest = max(reached, key=lambda tier: tier.above_input_tokens)
        stated.update({kind: rate for kind in RATES if (rate := getattr(highest, kind)) is not None})
    return bool(listed)


def _whole(stated: dict[str, Fraction | None], denominator: int) -> _Rates:
    """In integers over one denominator, with what stands in for a rate that nobody stated."""

    def scaled(kind: str, instead: int) -> int:
        rate = stated[kind]
        return instead if rate is None else int(rate * _NANO_PER_TOKEN * denominator)

    fresh = scaled("input", 0)
    output = None if stated["output"] is None else scaled("output", 0)
    return _Rates(
        fresh=fresh,
        cached=scaled("cached_input", fresh),
        write=scaled("cache_write", fresh),
        write_1h=scaled("cache_write_1h", fresh if stated["cache_write"] is None else fresh * _HOUR_WRITE),
        audio_in=scaled("input_audio", fresh),
        output=output,
        audio_out=None if output is None else scaled("output_audio", output),
    )


def _fee_nano(usd: Decimal | None) -> int | None:
    return None if usd is None else nano_from_usd(usd)
