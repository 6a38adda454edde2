"""What one attempt used and cost, from its first byte to its row in the ledger."""

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from costtui.dialects.answer import Answer
from costtui.dialects.estimate import disputed, estimate_input_tokens
from costtui.dialects.operation import Operation
from costtui.dialects.stream import StreamMeter
from costtui.domain.amount import Provenance
from costtui.domain.attempt import Attempt, Outcome
from costtui.domain.card import PriceCard, attempt_charge
from costtui.domain.charge import NO_CHARGE, Charge
from costtui.domain.money import NanoUsd, charge, nano_from_usd
from costtui.domain.usage import NO_USAGE, Usage, UsageSource
from costtui.gateway.address import Address
from costtui.gateway.answers import cost_text

if TYPE_CHECKING:
    from costtui.gateway.admission.hold import Hold
    from costtui.gateway.exchange import Exchange
    from costtui.gateway.relay import Relay
    from costtui.policy.steering import Sent

# Python 3.11 looks a member up on its class with a function written in Python: 0.2 us, ten times a request.
OK, REFUSED = Outcome.OK, Outcome.REFUSED
REPORTED, ESTIMATED, NONE = UsageSource.REPORTED, UsageSource.ESTIMATED, UsageSource.NONE
COUNT_TOKENS = Operation.COUNT_TOKENS
_NOTHING = (NO_USAGE, NONE)


class AttemptMeter:
    """One attempt's clock, usage and charge."""

    # defaults stand on the class: a whole answer's attempt sets two of them
    sent = True
    """Whether the upstream may have seen the request."""
    charge: Charge | None = None
    cost = b"?"
    """As the client is told."""
    hold: "Hold | None" = None
    """What budgets hold for it."""
    course: "Sent | None" = None
    """What routing wants to know of it."""
    started_ms: int
    """Unix time."""
    _status = 0
    _ttft_ms: int | None = None
    _whole: Answer | None = None

    def __init__(self, relay: "Relay", address: Address, operation: Operation, asked_at: float) -> None:
        self._relay = relay
        self._asked_at = asked_at
        self._address = address
        self._operation = operation
        self._started = relay.now()
        self.started_ms = relay.clock_ms()
        self.attempt_id = relay.ledger.new_attempt_id()
        address.in_flight += 1

    def answered(self, status: int) -> None:
        """The head of an answer is there."""
        self._status = status

    def first_byte(self) -> None:
        """Something of the answer's body is there; only the first time counts."""
        if self._ttft_ms is None:
            self._ttft_ms = int((self._relay.now() - self._asked_at) * 1000)
            if self.course is not None and self._relay.router is not None and self._status < 300:
                self._relay.router.first_byte(self.course, self._relay.clock_ms())

    def whole(self, answer: Answer, litellm_cost: bytes) -> None:
        """A whole answer, with the cost that a LiteLLM upstream put into its head."""
        if litellm_cost and (nano := _nano(litellm_cost)) is not None:
            answer = answer._replace(usage=(answer.usage or NO_USAGE)._replace(reported_nano=nano))
        self._whole = answer

    def settle(self, exchange: "Exchange", outcome: Outcome, stream: StreamMeter | None) -> None:
        """Into the ledger; after this the attempt survives whatever happens."""
        relay, address = self._relay, self._address
        usage, source = self._used(exchange, outcome, stream)
        priced = exchange.tables.priced(address, self._named(stream))
        self.charge, provenance = self._charged(priced.card, usage, source)
        self.cost = cost_text(self.charge, provenance)
        asked = exchange.asked
        row = (
            self.attempt_id,
            exchange.request_id,
            exchange.tables.lane(exchange.route, address, self._operation, exchange.key_id, priced, exchange.tag),
            self.started_ms,
            int((relay.now() - self._started) * 1000),
            self._ttft_ms if asked.stream else None,
            outcome,
            self._status,
            asked.stream,
            usage,
            source,
            source is REPORTED and _disputed(usage, exchange),
            self.charge,
            provenance,
            None,
            relay.pseudonym(asked.user) if asked.user else "",
            exchange.reason,
        )
        relay.ledger.settle(tuple.__new__(Attempt, row))  # its own constructor takes 0.5 us more
        if self.hold is not None:
            self.hold.settle(self.charge, told=source is not ESTIMATED)
        if self.course is not None and relay.router is not None:
            told = usage if source is REPORTED else NO_USAGE
            relay.router.ended(self.course, relay.clock_ms(), told.input_tokens, told.output_tokens)
        address.in_flight -= 1
        if outcome is not OK or relay.breakers:
            relay.judge(address.name, outcome, self._status, exchange.reason)

    def _used(self, exchange: "Exchange", outcome: Outcome, stream: StreamMeter | None) -> tuple[Usage, UsageSource]:
        if outcome is REFUSED or self._operation is COUNT_TOKENS or not self.sent:
            return _NOTHING
        if stream is not None:
            return self._streamed(exchange, outcome, stream.usage, stream.estimate_output_tokens)
        if self._whole is None:
            return self._streamed(exchange, outcome, None, 0)
        if self._whole.usage is not None:
            return self._whole.usage, REPORTED
        return self._streamed(exchange, outcome, None, self._whole.estimate_output_tokens)

    def _streamed(
        self, exchange: "Exchange", outcome: Outcome, usage: Usage | None, output_tokens: int
    ) -> tuple[Usage, UsageSource]:
        """A stream that ended well says what it used; of one that broke off, what it made so far is counted."""
        if usage is not None and outcome is OK:
            return usage, REPORTED
        if usage is not None:
            return usage._replace(output_tokens=max(usage.output_tokens, output_tokens)), ESTIMATED
        paid = estimate_input_tokens(len(exchange.body), exchange.asked.has_media)
        return Usage(input_tokens=paid, output_tokens=output_tokens), ESTIMATED

    def _named(self, stream: StreamMeter | None) -> str:
        """The model that the answer says it comes from; empty where it says nothing."""
        if stream is not None:
            return stream.model
        return "" if self._whole is None else self._whole.model

    def _charged(self, card: PriceCard | None, usage: Usage, source: UsageSource) -> tuple[Charge | None, Provenance]:
        if source is NONE:
            return NO_CHARGE, Provenance.METERED
        if card is None and self._address.self_hosted:
            return self._share_of_rent(usage)
        return attempt_charge(card, usage, source)

    def _share_of_rent(self, usage: Usage) -> tuple[Charge | None, Provenance]:
        """Allocation basis: this request's tokens at what the host's tokens have cost of late, idle time included."""
        usd_per_million = self._relay.usd_per_million_tokens(self._address.name)
        if usd_per_million is None:
            return None, Provenance.UNKNOWN
        share = charge(usage.input_tokens + usage.output_tokens, usd_per_million)
        return Charge(flat_nano=share), Provenance.ACCRUED


def _disputed(usage: Usage, exchange: "Exchange") -> bool:
    """The prompt is searched for pictures only where its size alone gives cause: that takes 30 us at 100 KB."""
    body_bytes = len(exchange.body)
    return disputed(usage, body_bytes, False) and disputed(usage, body_bytes, exchange.asked.has_media)


def _nano(text: bytes) -> NanoUsd | None:
    """An amount in USD from a header; anything odd is not one."""
    try:
        usd = Decimal(text.decode("ascii")) if len(text) < 40 else Decimal("NaN")
    except (InvalidOperation, UnicodeDecodeError):
        return None
    return nano_from_usd(usd) if usd.is_finite() and 0 <= usd < 1_000_000 else None
