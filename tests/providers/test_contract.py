"""What holds for every provider and each of its feeds."""

import asyncio
from urllib.parse import urlsplit

import pytest

from costtui.egress.client import Egress
from costtui.providers.registry import providers
from costtui.providers.walk import Told, walk
from tests.providers.harness import (
    FIXTURES,
    KEY,
    Case,
    Fake,
    Recording,
    all_feeds,
    case,
    declared,
    fake,
    feeds,
    measured,
    told_by,
)


async def _told(one: Case) -> tuple[Told, Fake]:
    async with fake(one) as server, Egress() as egress:
        return await told_by(server, one, egress), server


@pytest.mark.parametrize(("name", "feed"), feeds())
def test_a_feed_tells_the_totals_worked_by_hand_and_misses_nothing(name: str, feed: str) -> None:
    one = case(name, feed)
    told, server = asyncio.run(_told(one))
    assert server.strange == []
    assert measured(told.rows) == dict(one.told)
    assert told.missing == ()
    assert told.complete
    assert sorted(filter(None, map(one.answer, server.asked))) == sorted(ask.answer for ask in one.asks)


@pytest.mark.parametrize(("name", "feed"), feeds())
def test_a_billing_key_goes_to_its_own_hosts_alone_and_only_reads(name: str, feed: str) -> None:
    one = case(name, feed)
    recording = Recording(one)

    async def run() -> None:
        async with Egress(recording) as egress:
            await walk(one.provider, one.feed, one.account, one.span, egress)

    asyncio.run(run())
    posts = {ask.path for ask in one.asks if ask.method == "POST"}
    assert recording.asked
    for asked in recording.asked:
        address = urlsplit(asked.url)
        assert address.scheme == "https"
        assert address.hostname in one.hosts
        assert asked.method == "GET" or asked.path in posts
        assert KEY not in asked.url
        assert all(asked.headers.get(word) == value for word, value in one.auth.items())


@pytest.mark.parametrize("name", sorted(providers()))
def test_a_provider_says_all_that_people_need_to_set_it_up(name: str) -> None:
    provider = providers()[name]
    assert provider.name == name
    assert provider.title
    assert bool(provider.unsupported) != bool(provider.feeds)
    if provider.feeds:
        assert provider.key_kind
        assert declared(name)["source"]
    names = [feed.name for feed in all_feeds(provider)]
    assert len(set(names)) == len(names)
    for feed in all_feeds(provider):
        assert feed.every_seconds >= 60
        assert (feed.grain_seconds > 0) == (feed.kind in ("spend", "usage"))
        assert feed.most_days >= 1


@pytest.mark.parametrize("name", sorted(name for name, provider in providers().items() if provider.feeds))
def test_every_fixture_is_an_answer_that_some_feed_gets(name: str) -> None:
    answers = {ask.answer for feed in all_feeds(providers()[name]) for ask in case(name, feed.name).asks}
    assert {path.name for path in (FIXTURES / name).iterdir()} == answers | {"expected.json"}
