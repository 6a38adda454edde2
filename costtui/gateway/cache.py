"""Whole answers kept in memory for the very same request of the same key, where a route asks for it."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from math import ceil, log2
from sys import getsizeof
from typing import NamedTuple

import msgspec

from costtui.config.model import PromptCache
from costtui.domain.money import NanoUsd

_ENTRY_BYTES = 400
"""Of one answer's key, its place in order and the values beside head and body."""


GONE = 2_000
"""Answers that are remembered by their key alone once they were pushed out: half a megabyte at most."""


class Missed(NamedTuple):
    """Answers that were asked for again after they had gone."""

    answers: int = 0
    nano: int = 0
    """What they had cost, where that is known."""

    def plus(self, nano: NanoUsd | None) -> "Missed":
        """With one more."""
        return Missed(self.answers + 1, self.nano + (nano or 0))


class Kept(NamedTuple):
    """One answer: head lines and body as they went to the client, and what it had cost."""

    headers: bytes
    parts: tuple[bytes, ...]
    stream: bool
    nano: NanoUsd | None
    until: float
    size: int


class AnswerCache:
    """Of one route: least recently used goes first when it is full, and everything when its time is over. It counts
    what was asked for again after it had gone, so that somebody can say what larger limits would have saved."""

    def __init__(self, limits: PromptCache) -> None:
        self._limits = limits
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self._gone: OrderedDict[bytes, tuple[float, NanoUsd | None]] = OrderedDict()
        self.size_bytes = 0
        self.hits = 0
        self.misses = 0
        self.began: float | None = None
        """When it was first asked."""
        self.pushed_out = Missed()
        self.expired: dict[int, Missed] = {}
        """By how often the time that answers are kept had to be doubled to have caught them."""

    def same(self, other: "AnswerCache") -> bool:
        """Whether both have the same limits, so that an edit elsewhere keeps what is kept."""
        return self._limits == other._limits

    def find(self, key: bytes, now: float) -> Kept | None:
        """The answer, if there is one that is still good."""
        kept = self._kept.get(key)
        if kept is None or kept.until <= now:
            if kept is not None:
                self._drop(key)
                self._gone[key] = (kept.until, kept.nano)
            if self.began is None:
                self.began = now
            self._regret(key, now)
            self.misses += 1
            return None
        self._kept.move_to_end(key)
        self.hits += 1
        return kept

    def keep(
        self,
        key: bytes,
        headers: Iterable[bytes],
        parts: Sequence[bytes],
        stream: bool,
        nano: NanoUsd | None,
        now: float,
    ) -> None:
        """Keep an answer that was whole and good; too large a one is not kept."""
        head = b"".join(headers)
        size = _ENTRY_BYTES + getsizeof(head) + 8 * len(parts) + sum(map(getsizeof, parts))
        if size > self._limits.max_answer_bytes:
            return
        if key in self._kept:
            self._drop(key)
        self._gone.pop(key, None)
        self._kept[key] = Kept(head, tuple(parts), stream, nano, now + self._limits.ttl_seconds, size)
        self.size_bytes += size
        while self.size_bytes > self._limits.max_bytes:
            oldest = next(iter(self._kept))
            self._gone[oldest] = (self._kept[oldest].until, self._kept[oldest].nano)
            self._drop(oldest)
            if len(self._gone) > GONE:
                self._gone.popitem(last=False)

    def _regret(self, key: bytes, now: float) -> None:
        """Count an answer that was here once."""
        gone = self._gone.pop(key, None)
        if gone is None:
            return
        until, nano = gone
        if now < until:
            self.pushed_out = self.pushed_out.plus(nano)
            return
        age, ttl = now - until + self._limits.ttl_seconds, self._limits.ttl_seconds
        doublings = max(ceil(log2(age / ttl)), 1)
        self.expired[doublings] = self.expired.get(doublings, Missed()).plus(nano)

    def _drop(self, key: bytes) -> None:
        self.size_bytes -= self._kept.pop(key).size


def cache_key(key_id: str, route: str, operation: str, body: bytes) -> bytes | None:
    """Tenant, route and the whole request, its keys sorted; None where the body cannot be read."""
    try:
        canonical = msgspec.json.encode(msgspec.json.decode(body), order="sorted")
    except (msgspec.DecodeError, RecursionError):
        return None
    mark = blake2b(digest_size=32)
    for part in (key_id.encode(), route.encode(), operation.encode(), canonical):
        mark.update(b"%d:" % len(part) + part)
    return mark.digest()
