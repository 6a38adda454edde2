"""The gateway with budgets that several files here ask."""

from collections.abc import Iterator

import pytest

from tests.e2e.spending import World
from tests.e2e.test_gateway_ends import end_successor
from tests.parts.provider import Provider, Script
from tests.parts.provider_answers import Used


@pytest.fixture
def api() -> Iterator[Provider]:
    with Provider() as server:
        server.usual = Script(used=Used(input=20, output=10))
        yield server


@pytest.fixture
def world(api: Provider, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(api, tmp_path_factory.mktemp("gateway"), request.param)
    with made.gateway:
        yield made
        end_successor(made.gateway)
