"""The exact prompt cache: the very same request of the same key, for a while, within a size."""

import json
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from costtui.config.model import PromptCache
from costtui.domain.money import NanoUsd
from costtui.gateway.cache import GONE, AnswerCache, Missed, cache_key

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(st.text(max_size=6), JSON, max_size=5)


@given(BODIES)
def test_the_order_of_keys_and_the_spacing_do_not_matter(body: dict[str, object]) -> None:
    turned = dict(reversed(list(body.items())))
    one, other = json.dumps(body).encode(), json.dumps(turned, indent=2).encode()
    assert cache_key("k1", "chat", "chat", one) == cache_key("k1", "chat", "chat", other)


@given(BODIES, BODIES)
def test_two_different_requests_never_share_an_answer(one: dict[str, object], other: dict[str, object]) -> None:
    keys = [cache_key("k1", "chat", "chat", json.dumps(body).encode()) for body in (one, other)]
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (keys[0] == keys[1]) is same


@given(st.tuples(st.text(max_size=4), st.text(max_size=4)), st.tuples(st.text(max_size=4), st.text(max_size=4)))
def test_two_keys_or_two_routes_never_share_an_answer(one: tuple[str, str], other: tuple[str, str]) -> None:
    keys = [cache_key(*each, "chat", b'{"model":"x"}') for each in (one, other)]
    assert (keys[0] == keys[1]) is (one == other)


def _cache(**limits: int) -> AnswerCache:
    return AnswerCache(PromptCache(**limits))


def _keep(cache: AnswerCache, key: bytes, size: int, now: float = 0.0) -> None:
    cache.keep(key, [], [b"x" * size], False, NanoUsd(5), now)


def test_an_answer_is_gone_when_its_time_is_over() -> None:
    cache = _cache(ttl_seconds=10)
    _keep(cache, b"a", 100)
    assert cache.find(b"a", 9.9) is not None
    assert cache.find(b"a", 10.0) is None
    assert cache.size_bytes == 0
    assert (cache.hits, cache.misses) == (1, 1)


def test_the_least_recently_used_answer_makes_room() -> None:
    cache = _cache(max_bytes=3 * 1_512, max_answer_bytes=2_000)
    for key in (b"a", b"b", b"c"):
        _keep(cache, key, 1_000)
    cache.find(b"a", 1.0)
    _keep(cache, b"d", 1_000)
    assert [key for key in (b"a", b"b", b"c", b"d") if cache.find(key, 1.0)] == [b"a", b"c", b"d"]
    assert cache.size_bytes <= 3 * 1_512


def test_an_answer_that_is_too_large_is_not_kept() -> None:
    cache = _cache(max_answer_bytes=1_000)
    _keep(cache, b"a", 1_000)
    assert cache.find(b"a", 0.0) is None


def test_keeping_the_same_answer_again_counts_it_once() -> None:
    cache, once = _cache(), _cache()
    _keep(cache, b"a", 100)
    _keep(cache, b"a", 200)
    _keep(once, b"a", 200)
    assert cache.size_bytes == once.size_bytes


def test_the_size_is_what_the_answers_take_in_memory() -> None:
    cache = _cache()
    tracemalloc.start()
    try:
        for number in range(2_000):
            cache.keep(
                b"%032d" % number, [b"x-number: %d\r\n" % number], [b"%0700d" % number], False, NanoUsd(10**12), 0.5
            )
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.8 < cache.size_bytes / taken < 1.25


def test_what_is_asked_for_again_after_its_time_is_counted_by_how_long_it_had_to_be_kept() -> None:
    cache = _cache(ttl_seconds=10)
    for key in (b"a", b"b", b"c"):
        _keep(cache, key, 100)
    assert cache.find(b"a", 9.0) is not None
    # 15 s are within twice ten, 20 s too, 50 s within eight times ten
    for key, now in ((b"a", 15.0), (b"b", 20.0), (b"c", 50.0), (b"never", 50.0)):
        assert cache.find(key, now) is None
    assert cache.expired == {1: Missed(2, 10), 3: Missed(1, 5)}
    assert cache.pushed_out == Missed()
    assert cache.find(b"a", 60.0) is None
    assert cache.expired == {1: Missed(2, 10), 3: Missed(1, 5)}, "each is counted once"


def test_what_there_was_no_room_for_is_counted_when_it_is_asked_for_again_in_time() -> None:
    cache = _cache(max_bytes=2 * 1_512, max_answer_bytes=2_000, ttl_seconds=10)
    for key in (b"a", b"b", b"c", b"d"):
        _keep(cache, key, 1_000)
    assert cache.find(b"a", 5.0) is None
    assert cache.find(b"b", 15.0) is None
    assert cache.pushed_out == Missed(1, 5)
    assert cache.expired == {1: Missed(1, 5)}


def test_an_answer_that_is_kept_again_is_no_longer_gone() -> None:
    cache = _cache(max_bytes=1_512, max_answer_bytes=2_000)
    for key in (b"a", b"b", b"a"):
        _keep(cache, key, 1_000)
    assert cache.find(b"a", 1.0) is not None
    assert cache.find(b"b", 1.0) is None
    assert cache.pushed_out == Missed(1, 5)


def test_what_is_remembered_of_answers_that_are_gone_is_bounded() -> None:
    cache = _cache(max_bytes=1_512, max_answer_bytes=2_000)
    for number in range(GONE + 10):
        _keep(cache, b"%d" % number, 1_000)
    assert cache.find(b"0", 1.0) is None
    assert cache.pushed_out == Missed()
    assert cache.find(b"%d" % GONE, 1.0) is None
    assert cache.pushed_out == Missed(1, 5)
