"""What the gateway's part of a configuration may say: targets, routes, `[gateway]`."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from costtui.config.addresses import url_fault
from costtui.config.load import load_bytes
from costtui.config.model import Config, Gateway, PromptCache, Target
from costtui.config.providers import PLACED, PROVIDER_URLS, provider_url
from costtui.config.targets import ENGINES, PROVIDERS
from costtui.errors import ConfigError

API = "[targets]\na = { provider = 'openai', model = 'm', "
TARGETS = """[targets]
llama = { engine = "vllm", url = "http://127.0.0.1:8000" }
novita = { provider = "novita", model = "m" }
opus = { provider = "anthropic", model = "claude" }
"""
ROUTE = TARGETS + '[routes.chat]\nstrategy = "weighted"\ntargets = ["llama", "novita"]\n'


def config_of(text: str) -> Config:
    return load_bytes(Path("c.toml"), text.encode(), 7)


def problems_of(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_bytes(Path("c.toml"), text.encode(), 7)
    return caught.value.problems


def test_a_target_follows_from_its_engine_or_provider_alone() -> None:
    llama, novita, opus = config_of(TARGETS).targets
    assert (llama.dialect, llama.local, llama.url) == ("both", True, "http://127.0.0.1:8000/v1")
    assert (novita.dialect, novita.local, provider_url(novita)) == ("openai", False, PROVIDER_URLS["novita"][0])
    assert (opus.dialect, opus.local, provider_url(opus)) == ("anthropic", False, "https://api.anthropic.com/v1")
    assert (opus.connect_seconds, opus.first_byte_seconds, opus.idle_seconds) == (5.0, 600.0, 60.0)
    assert opus.on_disconnect == "abort"


def test_everything_about_a_target_can_be_said() -> None:
    (target,) = config_of(
        '[targets.eu]\nprovider = "azure"\nmodel = "d"\nurl = "https://acme.example/openai/v1"\ndialect = "both"\n'
        'local = true\nca = "/etc/ca.pem"\nproxy = "http://10.0.0.1:3128"\nconnect_seconds = 0.5\n'
        'first_byte_seconds = 90\nidle_seconds = 30.5\non_disconnect = "drain"\n'
    ).targets
    assert target == Target(
        "eu", url="https://acme.example/openai/v1", model="d", provider="azure", dialect="both", local=True,
        ca=Path("/etc/ca.pem"), proxy="http://10.0.0.1:3128", connect_seconds=0.5, first_byte_seconds=90.0,
        idle_seconds=30.5, on_disconnect="drain",
    )  # fmt: skip


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_has_an_address_or_asks_for_one(provider: str) -> None:
    text = f"[targets]\na = {{ provider = '{provider}', model = 'm' }}"
    if provider in PLACED:
        assert problems_of(text) == ('c.toml:2 targets.a: "url" is missing',)
        return
    address = provider_url(config_of(text).targets[0])
    assert address is not None
    assert urlsplit(address).scheme == "https"
    assert url_fault(address) == ""
    assert not address.endswith("/")


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_speaks_openais_dialect_and_two_both(engine: str) -> None:
    (target,) = config_of(f"[targets]\na = {{ engine = '{engine}', url = 'http://127.0.0.1:1' }}").targets
    assert target.dialect == ("both" if engine in ("vllm", "llamacpp") else "openai")


def test_a_dedicated_endpoint_is_not_at_its_providers_usual_address() -> None:
    (target,) = config_of("[targets]\na = { provider = 'huggingface', endpoint = 'acme/x' }").targets
    assert provider_url(target) is None


def test_weights_cache_and_purpose_of_a_route_are_read() -> None:
    (route,) = config_of(
        ROUTE + 'weights = { llama = 90, novita = 10 }\ncache = { ttl = "5m", max_mib = 8, max_answer_mib = 0.5 }\n'
        'serves = ["chat", "messages"]\n'
    ).routes
    assert route.weights == (("llama", 90), ("novita", 10))
    assert route.cache == PromptCache(300, 8 * 2**20, 2**19)
    assert route.serves == ("chat", "messages")


def test_a_cache_without_limits_has_the_usual_ones_and_none_is_kept_unasked() -> None:
    assert config_of(ROUTE + "weights = { llama = 1 }\ncache = {}\n").routes[0].cache == PromptCache()
    assert config_of(ROUTE + "weights = { llama = 1 }\n").routes[0].cache is None


def test_every_limit_of_the_gateway_can_be_set() -> None:
    gateway = config_of(
        '[gateway]\nlisten = "[::1]:4200"\nclients = "same-uid"\nhosts = ["gpu-07"]\norigins = ["https://chat.example"]\n'
        "max_body_mib = 2\nmax_connections = 3\nmax_in_flight = 4\nheader_seconds = 5\nbody_seconds = 6\n"
        "idle_seconds = 7\ndrain_seconds = 8\nkeep_attempts_days = 9\n"
    ).gateway
    assert gateway == Gateway(
        "[::1]:4200", "same-uid", ("gpu-07",), ("https://chat.example",), 2 * 2**20, 3, 4, 5.0, 6.0, 7.0, 8.0, 9
    )
    assert config_of("[gateway]\n").gateway == Gateway()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ROUTE, "c.toml:5 routes.chat: weighted needs `weights = { llama = 50, novita = 50 }`"),
        (
            ROUTE + "weights = { lama = 1 }",
            'c.toml:8 routes.chat.weights.lama: is no target of this route; did you mean "llama"?',
        ),
        (ROUTE + "weights = { opus = 1 }", "c.toml:8 routes.chat.weights.opus: is no target of this route"),
        (ROUTE + "weights = { llama = 0 }", "c.toml:8 routes.chat.weights: gives no target a share above 0"),
        (ROUTE + "weights = { llama = 0.5 }", "c.toml:8 routes.chat.weights.llama: must be a whole number, not 0.5"),
        (ROUTE + "weights = { llama = -1 }", "c.toml:8 routes.chat.weights.llama: must be from 0 to 1000000, not -1"),
        (
            ROUTE.replace("weighted", "pinned") + "weights = { llama = 1 }",
            'c.toml:8 routes.chat.weights: belongs to strategy = "weighted"',
        ),
        (ROUTE + "weights = { llama = 1 }\ncache = { ttl = 10 }", "c.toml:9 routes.chat.cache.ttl: must be a duration"),
        (ROUTE + "weights = { llama = 1 }\ncache = { size = 1 }", "c.toml:9 routes.chat.cache.size: is not a setting"),
        (ROUTE + "weights = { llama = 1 }\ncache = true", "c.toml:9 routes.chat.cache: must be a table"),
        (
            ROUTE + "weights = { llama = 1 }\nserves = ['chatt']",
            'c.toml:9 routes.chat.serves: must be one of the known words, not "chatt"; did you mean "chat"?',
        ),
        (
            TARGETS + "[routes.r]\nstrategy = 'cheapest'\ntargets = ['novita', 'opus']\nserves = ['responses']",
            "c.toml:8 routes.r.serves: target opus does not speak /v1/responses, and nothing translates it",
        ),
        (
            TARGETS + "[routes.r]\nstrategy = 'cheapest'\ntargets = ['opus']\nserves = ['embeddings']",
            "c.toml:8 routes.r.serves: target opus does not speak /v1/embeddings",
        ),
        (
            TARGETS + "[gateway]\nlisten = '127.0.0.1:8000'",
            "c.toml:2 targets.llama.url: is the gateway's own address (gateway.listen = 127.0.0.1:8000)",
        ),
        (TARGETS + "[gateway]\nlisten = '127.0.0.2:8000'", "c.toml:2 targets.llama.url: is the gateway's own address"),
        (TARGETS + "[gateway]\nlisten = '[::1]:8000'", "c.toml:2 targets.llama.url: is the gateway's own address"),
        (TARGETS + "[gateway]\nlisten = '0.0.0.0:8000'", "c.toml:2 targets.llama.url: is the gateway's own address"),
        (
            "[targets]\na = { engine = 'vllm', url = 'http://gpu-07:4100' }\n[gateway]\n"
            "listen = '10.0.0.7:4100'\nhosts = ['gpu-07']",
            "c.toml:2 targets.a.url: is the gateway's own address",
        ),
        (
            "[gateway]\nlisten = '172.17.0.1:4100'\nclients = 'same-uid'",
            'c.toml:3 gateway.clients: "same-uid" works on loopback alone',
        ),
        (
            "[gateway]\nlisten = '0.0.0.0:4100'\nclients = 'same-uid'",
            'c.toml:3 gateway.clients: "same-uid" works on loopback alone',
        ),
        ("[gateway]\nlisten = 'gpu-07:4100'", "c.toml:2 gateway.listen: must be an IP address and port such as"),
        ("[gateway]\nlisten = '::1:4100'", "c.toml:2 gateway.listen: must be an IP address and port"),
        ("[gateway]\nlisten = '127.0.0.1:0'", "c.toml:2 gateway.listen: must be an IP address and port"),
        ("[gateway]\nmax_in_flight = 0", "c.toml:2 gateway.max_in_flight: must be from 1"),
        ("[gateway]\nmax_body_mib = 1.5", "c.toml:2 gateway.max_body_mib: must be a whole number"),
        ("[gateway]\nhosts = ['http://gpu-07']", "c.toml:2 gateway.hosts: must be names without port or path"),
        ("[gateway]\norigins = ['*']", "c.toml:2 gateway.origins: must be origins such as"),
        ("[gateway]\norigins = ['https://*.example']", "c.toml:2 gateway.origins: must be origins such as"),
        (
            "[gateway]\nmax_conections = 5",
            'c.toml:2 gateway.max_conections: is not a setting; did you mean "max_connections"?',
        ),
        (API + "proxy = 'http://u:hunter2@10.0.0.1:3128' }", "c.toml:2 targets.a.proxy: holds a user or password"),
        (API + "proxy = 'https://10.0.0.1:3128' }", "c.toml:2 targets.a.proxy: must start with http://"),
        (API + "proxy = 'http://10.0.0.1:3128/x' }", "c.toml:2 targets.a.proxy: must be host and port alone"),
        (API + "proxy = 'socks5://10.0.0.1' }", "c.toml:2 targets.a.proxy: must start with http"),
        (
            API + "dialect = 'open-ai' }",
            'c.toml:2 targets.a.dialect: must be one of the known words, not "open-ai"; did you mean "openai"?',
        ),
        (API + "local = 'yes' }", 'c.toml:2 targets.a.local: must be true or false, not "yes"'),
        (API + "ca = 'ca.pem' }", "c.toml:2 targets.a.ca: must be an absolute path"),
        (API + "connect_seconds = 0 }", "c.toml:2 targets.a.connect_seconds: must be above 0"),
        (API + "on_disconnect = 'stop' }", "c.toml:2 targets.a.on_disconnect: must be one of the known words"),
        (API + "url = 'http://169.254.169.254/v1' }", "c.toml:2 targets.a.url: is a link-local address"),
        (
            "[host]\ncontrol = 'of'",
            'c.toml:2 host.control: must be one of the known words, not "of"; did you mean "off"?',
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, problem: str) -> None:
    problems = problems_of(text)
    assert len(problems) == 1, problems
    assert problems[0].startswith(problem)
    assert "hunter2" not in problems[0]


@pytest.mark.parametrize(
    "listen", ["127.0.0.1:4100", "[::1]:4100", "localhost:4100", "0.0.0.0:4100", "172.17.0.1:4100"]
)
def test_an_address_of_ones_own_can_be_listened_on_with_keys(listen: str) -> None:
    config = config_of(f"[gateway]\nlisten = '{listen}'")
    assert config.gateway == replace(Gateway(), listen=listen)


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("127.0.0.1:4100", "http://127.0.0.1:8000"),
        ("127.0.0.1:4100", "http://172.17.0.3:4100"),
        ("172.17.0.1:4100", "http://127.0.0.1:4100"),
        ("127.0.0.1:443", "https://api.example"),
    ],
)
def test_another_server_is_no_loop(listen: str, url: str) -> None:
    text = f"[targets]\na = {{ engine = 'vllm', url = '{url}' }}\n[gateway]\nlisten = '{listen}'"
    assert config_of(text).targets[0].url == f"{url}/v1"
