"""An answer that names another model than the one asked for is charged as what it is, or as nobody knows what."""

import time
from collections.abc import Iterator

import pytest

from costtui.domain.amount import Provenance
from tests.parts.provider import Provider, Script
from tests.parts.provider_answers import Used
from tests.parts.provider_gateway import GatewayProcess

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway-models")]
CONFIG = """
[targets]
large = {{ provider = "openai", url = "{url}", model = "gpt-5", dialect = "both" }}
small = {{ provider = "openai", url = "{url}", model = "gpt-5-mini" }}
mine  = {{ provider = "novita", url = "{url}", model = "deal" }}
[prices]
mine  = [{{ from = 2026-01-01, input = 2, output = 4 }}]
"""
PATHS = {"chat": "/chat/completions", "messages": "/messages", "responses": "/responses"}
USED = Used(input=1_000, output=100)
AS_LARGE = 1_000 * 1_250 + 100 * 10_000
AS_SMALL = 1_000 * 250 + 100 * 2_000
AS_MINE = 1_000 * 2_000 + 100 * 4_000


@pytest.fixture(scope="module")
def api() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def gateway(api: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    process = GatewayProcess(tmp_path_factory.mktemp("gateway"), CONFIG.format(url=api.url))
    process.command("prices", "compile")
    with process:
        yield process


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("target", "named", "priced_as", "nano"),
    [
        ("large", "gpt-5-2025-08-07", "gpt-5", AS_LARGE),
        ("large", "gpt-5-mini-2025-08-07", "gpt-5-mini", AS_SMALL),
        ("large", "somebody-elses", "", None),
        ("mine", "deal-of-today", "deal", AS_MINE),
    ],
)
def test_an_answer_is_charged_as_the_model_that_it_names(
    api: Provider,
    gateway: GatewayProcess,
    target: str,
    named: str,
    priced_as: str,
    nano: int | None,
    path: str,
    *,
    stream: bool,
) -> None:
    if path == "messages" and target == "mine":
        pytest.skip("it does not speak messages")
    before = len(api.seen)
    api.usual = Script(used=USED, model=named)
    asked = {"model": target, "messages": [], "input": "", "stream": stream, "max_tokens": 9}
    status, _, body = gateway.post(PATHS[path], asked)
    assert status == 200, body
    attempt, lane = gateway.rows(before + 1)[-1]
    assert lane.price_model == priced_as
    assert (None if attempt.charge is None else attempt.charge.nano) == nano
    assert attempt.provenance is (Provenance.UNKNOWN if nano is None else Provenance.METERED)


def test_the_gateway_says_which_model_it_has_no_price_for(api: Provider, gateway: GatewayProcess) -> None:
    api.usual = Script(model="somebody-elses")
    gateway.post(PATHS["chat"], {"model": "large", "messages": []})
    deadline = time.monotonic() + 20
    while not any("somebody-elses" in text for text in gateway.picture()["trouble"]):
        assert time.monotonic() < deadline, gateway.picture()["trouble"]
        time.sleep(0.05)
    (said,) = gateway.picture()["trouble"]
    assert said == "target large was asked for gpt-5 and answers as another model: no price of somebody-elses at openai"
