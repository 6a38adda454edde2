"""Attempts and lanes as bytes: what the spool holds and what the chain is made over. Nothing else may change them."""

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator

import msgspec

from costtui.domain.amount import Provenance
from costtui.domain.attempt import Attempt, Lane
from costtui.domain.clean import clean
from costtui.domain.usage import NO_USAGE
from costtui.store.ledger.holds import SpooledHold

encode = msgspec.msgpack.Encoder().encode
"""An attempt, or a numbered lane, as a MessagePack array: each ends by itself, so many in a row are unambiguous."""
_decode_attempt = msgspec.msgpack.Decoder(Attempt).decode
_decode_lane = msgspec.msgpack.Decoder(tuple[int, Lane]).decode
_decode_hold = msgspec.msgpack.Decoder(SpooledHold).decode
_HEAD = struct.Struct("<II")
frame_head = _HEAD.pack
"""Length and CRC-32 of what follows."""
LONGEST_BYTES = 1 << 20
FIGURE_LIMIT = 1 << 52
"""Larger than any count of tokens; as an amount it is 4.5 million USD for one attempt."""
_ATTEMPT = encode((0,) * len(Attempt._fields))[0]
_HOLD = encode((0,) * len(SpooledHold._fields))[0]
"""The first bytes of arrays of that many fields."""
_DECODE: dict[int, Callable[[bytes], Attempt | SpooledHold]] = {_ATTEMPT: _decode_attempt, _HOLD: _decode_hold}


def frame(payload: bytes) -> bytes:
    """One record of a spool file."""
    return frame_head(len(payload), zlib.crc32(payload)) + payload


def lane_number(lane: Lane) -> int:
    """The same for the same lane in every process and at every time; 48 bits of its SHA-256."""
    return int.from_bytes(hashlib.sha256(encode(_stated(lane))).digest()[:6])


def encode_lane(number: int, lane: Lane) -> bytes:
    """A numbered lane; one without a tag is written as it was before there were any."""
    return encode((number, _stated(lane)))


def _stated(lane: Lane) -> tuple[object, ...]:
    return lane if lane.tag else lane[:-1]


def unframe(data: bytes) -> Iterator[tuple[int, Attempt | SpooledHold | tuple[int, Lane], bytes]]:
    """(end, record, payload) of every whole record; ends at the first one that is torn or damaged."""
    place, size = 0, len(data)
    while place + 8 <= size:
        length, check = _HEAD.unpack_from(data, place)
        end = place + 8 + length
        if not 0 < length <= LONGEST_BYTES or end > size:
            return
        payload = data[place + 8 : end]
        if zlib.crc32(payload) != check:
            return
        try:
            record = _DECODE.get(payload[0], _decode_lane)(payload)
        except msgspec.MsgspecError:
            return
        yield end, record, payload
        place = end


def fits(attempt: Attempt) -> bool:
    """Whether the ledger can keep its figures, and add them up."""
    usage = attempt.usage
    figures = (*usage[:10], attempt.started_ms, attempt.duration_ms, attempt.status, *(attempt.charge or ()))
    optional = (attempt.ttft_ms, usage.reported_nano, attempt.saved_nano)
    known = (*figures, *(figure for figure in optional if figure is not None))
    return all(isinstance(figure, int) and 0 <= figure <= FIGURE_LIMIT for figure in known)


def without_figures(attempt: Attempt) -> Attempt:
    """The attempt with figures that cannot be true left out: its cost is unknown, and it is there."""
    return attempt._replace(
        duration_ms=attempt.duration_ms if 0 <= attempt.duration_ms <= FIGURE_LIMIT else 0,
        started_ms=attempt.started_ms if 0 <= attempt.started_ms <= FIGURE_LIMIT else 0,
        ttft_ms=None,
        status=attempt.status if 0 <= attempt.status <= 999 else 0,
        usage=NO_USAGE,
        disputed=True,
        charge=None,
        provenance=Provenance.UNKNOWN,
        saved_nano=None,
        user_id=clean(attempt.user_id),
        reason=clean(attempt.reason),
    )
