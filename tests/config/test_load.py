"""From TOML to values, and from mistakes to lines that help."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from costtui.config.gpus import Exchange, Quote, in_usd
from costtui.config.load import find_path, load, load_bytes
from costtui.config.model import Config
from costtui.domain.secret import SecretRef
from costtui.domain.terms import PowerTerms, Rate
from costtui.errors import ConfigError

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
NOV_2026_BERLIN = 1_793_487_600_000
"""2026-11-01 00:00 in Berlin (UTC+1): 2026-10-31 23:00 UTC."""


def config_of(text: str) -> Config:
    return load_bytes(Path("c.toml"), text.encode(), 7)


def problems_of(text: str | bytes) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_bytes(Path("c.toml"), text if isinstance(text, bytes) else text.encode(), 7)
    assert caught.value.problems
    return caught.value.problems


def test_without_a_file_the_defaults_hold() -> None:
    assert load(None, 5) == Config(loaded_ms=5)


def test_the_example_loads_as_it_is() -> None:
    config = load(EXAMPLE, 7)
    assert config.host.name == "gpu-07"
    assert config.host.timezone.key == "Europe/Berlin"
    assert [rate.usd_per_hour for rate in config.gpus[0].rates] == [Decimal("2.79"), Decimal("2.49")]
    assert config.gpus[0].rates[1].from_ms == NOV_2026_BERLIN
    assert config.gpus[0].power == PowerTerms(in_rent=True)
    assert config.gpus[1].power == PowerTerms(False, Decimal("0.12"), Decimal("1.3"))
    assert config.gpus[2].owned is not None
    assert [target.name for target in config.engines] == ["llama", "mixtral"]
    assert config.targets[0].gpus == (0, 1, 2, 3)
    assert config.targets[2].key == SecretRef("file", "~/.config/costtui/keys/openai")
    assert config.routes[2].boundary == ("mixtral",)
    assert config.budgets[0].limit == 20_000 * 10**9
    assert config.budgets[1].downgrade == (("opus", "gpt5"),)
    assert [(price.provider, price.output) for price in config.prices] == [
        ("novita", Decimal("0.40")),
        ("gmi", Decimal("0.50")),
    ]
    assert config.alerts.gpu_idle_seconds == 7200
    assert config.alerts.source_silent_seconds == 900
    assert config.billing[0].filters == (("projects", ("proj_chat",)),)
    assert config.billing[2].filters == (("namespace", ("acme",)),)
    assert config.path == EXAMPLE


def test_a_foreign_rate_splits_at_each_new_exchange_rate() -> None:
    # 1.10 EUR x 1.08 = 1.188; from 1 December 1.10 x 1.07 = 1.177
    rates = load(EXAMPLE, 7).gpus[1].rates
    assert [rate.usd_per_hour for rate in rates] == [Decimal("1.188"), Decimal("1.177")]
    assert rates[0].from_ms == NOV_2026_BERLIN
    assert rates[1].from_ms == NOV_2026_BERLIN + 30 * 86_400_000


@pytest.mark.parametrize(
    ("quotes", "exchanges", "rates"),
    [
        # one exchange rate before: 2 x 1.5 = 3
        ([(100, "2")], [(0, "1.5")], [(100, "3.0")]),
        # the exchange changes at 150 while the first quote holds, at 300 while the second does
        ([(100, "2"), (200, "4")], [(0, "1.5"), (150, "1.25"), (300, "1")],
         [(100, "3.0"), (150, "2.50"), (200, "5.00"), (300, "4")]),
        # a change on the very moment of a new quote makes one piece, not two
        ([(100, "2"), (200, "4")], [(0, "1.5"), (200, "1.25")], [(100, "3.0"), (200, "5.00")]),
        # nine decimals each stay exact
        ([(0, "99999.999999999")], [(0, "0.000000001")], [(0, "0.000099999999999999")]),
    ],
)  # fmt: skip
def test_foreign_quotes_become_dollars_exactly(
    quotes: list[tuple[int, str]], exchanges: list[tuple[int, str]], rates: list[tuple[int, str]]
) -> None:
    got = in_usd(
        [Quote(at, Decimal(amount), "EUR") for at, amount in quotes],
        {"EUR": [Exchange(at, Decimal(usd)) for at, usd in exchanges]},
    )
    assert got == tuple(Rate(at, Decimal(usd)) for at, usd in rates)


def test_all_problems_come_at_once_each_with_its_line_and_the_nearest_key() -> None:
    problems = problems_of(
        '[host]\ntimezome = "Europe/Berlin"\npays = "mien"\n'
        '[[gpus]]\nmatch = "H100"\nrates = [\n  { from = 2026-11-01, usd_per_gpu_hour = 2.49 },\n'
        "  { from = 2026-12-01, usd_per_gpu_hour = -1 },\n]\n"
        '[targets]\nllama = { engine = "vlm", url = "http://127.0.0.1:8000" }\n'
        '[routes.chat]\nstrategy = "cheapest"\ntargets = ["lama"]\n[gatway]\n'
    )
    assert problems[0].startswith('c.toml:2 host.timezome: is not a setting; did you mean "timezone"?; known: control')
    assert (
        problems[1]
        == 'c.toml:3 host.pays: must be one of the known words, not "mien"; did you mean "mine"?; known: all, mine'
    )
    assert problems[2] == "c.toml:8 gpus[0].rates[1].usd_per_gpu_hour: must be from 0 to 99999, not -1"
    assert problems[3].startswith(
        'c.toml:11 targets.llama.engine: must be one of the known words, not "vlm"; did you mean "vllm"?'
    )
    assert (
        problems[4]
        == 'c.toml:14 routes.chat.targets: names an unknown target "lama"; did you mean "llama"?; known: llama'
    )
    assert problems[5].startswith('c.toml:15 gatway: is not a setting; did you mean "gateway"?')
    assert len(problems) == 6


ENGINE = 'engine = "vllm", url = "http://127.0.0.1:8000/v1"'
API = 'provider = "openai", model = "gpt-5"'
RENT = '[[gpus]]\nmatch = "H100"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = ", "c.toml:1 not valid TOML"),
        ("[host]\nname = 'x\n", "c.toml:3 not valid TOML: Expected"),
        ("host = 3", "must be a table, not 3"),
        ("gpus = 3", "must be a list of tables"),
        ("[gpus]\nmatch = 'x'", "must be a list of tables"),
        ("[host]\nname = 3", "must be plain text"),
        ('[host]\nname = "a\\u001b[2J"', "must be plain text"),
        ('[host]\ntimezone = "Mars/Olympus"', 'not "Mars/Olympus"'),
        ('[host]\ntimezone = "../../etc/passwd"', "must be a name such as"),
        ('[host]\nstate_dir = "here"', "absolute path"),
        (RENT, "needs `rates` (rented) or"),
        (RENT + "rates = []", "is empty"),
        (RENT + "rates = [{ usd_per_gpu_hour = 1 }]", '"from" is missing'),
        (RENT + "rates = [{ from = 2026-11-01 }]", "needs `usd_per_gpu_hour`, or"),
        (RENT + "rates = [{ from = 2026-11-01, per_gpu_hour = 1 }]", "needs `usd_per_gpu_hour`, or"),
        (RENT + "rates = [{ from = '2026-11-01', usd_per_gpu_hour = 1 }]", "without quotes"),
        (RENT + "rates = [{ from = 07:30:00, usd_per_gpu_hour = 1 }]", "must be a date"),
        (RENT + "rates = [{ from = 0001-01-01, usd_per_gpu_hour = 1 }]", "is not a year in which"),
        (RENT + "rates = [{ from = 2026-11-01, usd_per_gpu_hour = nan }]", "must be from 0"),
        (RENT + "rates = [{ from = 2026-11-01, usd_per_gpu_hour = inf }]", "must be from 0"),
        (RENT + "rates = [{ from = 2026-11-01, usd_per_gpu_hour = 1e40 }]", "must be from 0"),
        (RENT + "rates = [{ from = 2026-11-01, usd_per_gpu_hour = true }]", "must be a number"),
        (RENT + "rates = [{ from = 2026-11-01, usd_per_gpu_hour = '2.49' }]", "must be a number"),
        (RENT + "rates = [{ from = 2026-11-01, usd_per_gpu_hour = 0.0000000001 }]", "nine decimals"),
        (RENT + "rates = [{ from = 2026-11-01, usd_per_gpu_hour = 1 }, { from = 2026-11-01, usd_per_gpu_hour = 2 }]",
         "no day twice"),
        (RENT + 'rates = [{ from = 2026-11-01, per_gpu_hour = 1, currency = "EUR" }]', "has no rate in [currencies]"),
        (RENT + 'rates = [{ from = 2026-11-01, per_gpu_hour = 1, currency = "EUR" }]\n[currencies]'
         '\nEUR = [{ from = 2026-11-02, usd = 1 }]',
         "in force on the first day"),
        ("[currencies]\neuro = []", "three capital letters"),
        ("[currencies]\nEUR = [{ from = 2026-11-02, usd = 0 }]", "above 0"),
        (RENT + "usd_each = 30000", '"life_years" is missing'),
        (RENT + "usd_each = 1\nlife_years = 4\nrates = [{ from = 2026-11-01, usd_per_gpu_hour = 1 }]",
         "rented or owned, not both"),
        (RENT + "usd_each = 1\nlife_years = 0", "above 0 to 50"),
        (RENT + "usd_each = 1\nlife_years = 4\nresidual_percent = 101", "from 0 to 100"),
        (RENT + "usd_each = 1\nlife_years = 4\npower = 'free'", '"in-rent" or'),
        (RENT + "usd_each = 1\nlife_years = 4\npower = { pue = 1.2 }", '"usd_per_kwh" is missing'),
        (RENT + "usd_each = 1\nlife_years = 4\npower = { usd_per_kwh = 1, pue = 0.9 }", "from 1 to 10"),
        ("[[gpus]]\nmatch = [0, 'x']\nusd_each = 1\nlife_years = 4", "list of indexes"),
        ("[[gpus]]\nmatch = [-1]\nusd_each = 1\nlife_years = 4", "list of indexes"),
        (f"[targets]\na = {{ {ENGINE}, {API} }}", "and not both"),
        ("[targets]\na = { engine = 'vllm' }", '"url" is missing'),
        ("[targets]\na = { provider = 'openai' }", "needs `model`"),
        ("[targets]\na = { provider = 'opnai', model = 'x' }", 'did you mean "openai"?'),
        (f"[targets]\na = {{ {ENGINE}, gpus = ['H100'] }}", "GPU-uuid"),
        (f"[targets]\na = {{ {ENGINE}, gpus = [1, 1] }}", "names a GPU twice"),
        (f"[targets]\na = {{ {ENGINE}, gpus = [1] }}\nb = {{ {ENGINE}, gpus = [0, 1] }}", "GPU 1 already belongs to a"),
        (f"[targets]\na = {{ {ENGINE}, gpus = ['GPU-Aa'] }}\nb = {{ {ENGINE}, gpus = ['GPU-aA'] }}",
         "already belongs to a"),
        (f"[targets]\na = {{ {API}, gpus = [1] }}", "belongs to a target with `engine`"),
        ("[targets]\na = 3", "must be a table"),
        (f"[targets]\n'' = {{ {API} }}", "1 to 64 printable"),
        (f"[targets]\na = {{ {API} }}\n[routes.r]\nstrategy = 'pinned'\ntargets = ['a']\nboundary = []",
         "list of names"),
        (f"[targets]\na = {{ {API} }}\nb = {{ {API} }}\n[routes.r]\nstrategy = 'pinned'\ntargets = ['a']"
         f"\nboundary = ['b']",
         "outside the route's boundary"),
        ("[budgets]\nm = { covers = ['gpus'], window = 'month', limit_usd = 1 }", 'did you mean "gpu"?'),
        ("[budgets]\nm = { covers = ['gpu'], window = 'month', limit_usd = 1, at_limit = 'block' }",
         "cannot be refused"),
        ("[budgets]\nm = { covers = ['api'], window = 'fortnight', limit_usd = 1 }", 'must be one of minute, hour'),
        ("[budgets]\nm = { covers = ['api'], window = 'day', limit_usd = 0 }", "above 0"),
        ("[budgets]\nm = { covers = ['api'], window = 'day', limit_usd = 1, at_limit = 'downgrade' }",
         "belong together"),
        ("[prices]\nx = [{ from = 2026-11-01, input = 1, output = 1 }]", "is not a target"),
        ("[billing]\nopenai = { projects = ['x'] }", '"key" is missing'),
        ("[billing]\nacme = { key = 'env:X' }", "has no bill that costtui reads"),
        ("[billing]\nopenia = { key = 'env:X' }", 'did you mean "openai"?'),
        ("[billing]\nnovita = { key = 'env:X', projects = ['x'] }", "it tells all or nothing"),
        ("[billing]\nlitellm = { key = 'env:X' }", '"url" is missing'),
        ("[tco]\nstaff_fte = -0.5", "from 0"),
        ("[alerts]\ngpu_idle = 7200", "must be a duration"),
        ("[alerts]\ngpu_idle = '2 hours'", "must be a duration"),
        ("[alerts]\ngpu_idle = '0s'", "must be a duration"),
        ("[agent]\ngpu_seconds = 0.5", "from 1 to 3600"),
        ("[gateway]\nlisten = '127.0.0.1'", "address and port"),
        ("[gateway]\nlisten = '127.0.0.1:99999'", "address and port"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(text: str, words: str) -> None:
    problems = problems_of(text)
    assert any(words in problem for problem in problems), problems


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8000", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http:///v1", "http://127.0.0.1:0/",
        "http://127.0.0.1:99999/", "http://user:pw@127.0.0.1/", "http://user@127.0.0.1/", "http://127.0.0.1/?key=x",
        "http://127.0.0.1/#x", "http://127.0.0.1/a b", "http://0.0.0.0:8000/", "http://[::]/", "http://224.0.0.1/",
        "http://169.254.169.254/latest/", "http://[::ffff:169.254.169.254]/", "http://[fe80::1]/",
        "http://[fd00:ec2::254]/", "http://2852039166/", "http://0xa9fea9fe/", "http://169.254.43518/",
        "http://0251.0376.0251.0376/", "http://gpu\u202e.example/", "http://a\\b/", "http://[::1",
    ],
)  # fmt: skip
def test_an_address_that_no_engine_has_is_refused(url: str) -> None:
    (problem,) = problems_of(f"[targets]\na = {{ engine = 'vllm', url = {json.dumps(url)} }}")
    assert problem.startswith("c.toml:2 targets.a.url: ")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/v1",
        "https://vllm.internal/v1/",
        "http://[::1]:8000/v1",
        "http://gpu07:80/x-y_z~",
    ],
)
def test_an_ordinary_address_is_taken_as_written(url: str) -> None:
    assert config_of(f"[targets]\na = {{ engine = 'vllm', url = '{url}' }}").targets[0].url == url


@pytest.mark.parametrize("url", ["https://vllm.internal", "http://172.17.0.3:8000/", "http://[::1]:8000"])
def test_an_engine_whose_path_is_left_out_serves_under_v1(url: str) -> None:
    (target,) = config_of(f"[targets]\na = {{ engine = 'vllm', url = '{url}' }}").targets
    assert target.url == url.rstrip("/") + "/v1"


@pytest.mark.parametrize(
    "text",
    [
        "[targets]\na = {{ provider = 'openai', model = 'x', key = '{key}' }}",
        "[targets]\na = {{ provider = 'openai', model = 'x', key = 'env:{key}' }}",
        "[targets]\na = {{ provider = 'openai', model = 'x', api_key = '{key}' }}",
        "[targets]\na = {{ engine = 'vllm', url = 'http://127.0.0.1/?key={key}' }}",
        "[targets]\na = {{ engine = '{key}', url = 'http://127.0.0.1/' }}",
        "[alerts]\nwebhook = 'https://hooks.slack.com/services/{key}'",
        "[alerts]\ngpu_idle = '{key}'",
        "[host]\npays = '{key}'",
        "[host]\n{key} = 1",
        "[targets.{key}]\nx = 1",
        "[routes.r]\nstrategy = 'pinned'\ntargets = ['{key}']",
        "[host]\nname = '{key}",
        "[host]\nname = {key}",
        "['{key}']\n['{key}']",
    ],
)
@pytest.mark.parametrize(
    "key", ["sk-proj-4f9a77c1d2e3b4a5", "hf_AbCdEfGhIjKlMnOpQrSt", "9f8e7d6c5b4a39281706f5e4d3c2b1a0"]
)
def test_a_literal_secret_is_refused_and_never_shown(text: str, key: str) -> None:
    problems = problems_of(text.format(key=key))
    assert not any(key in problem for problem in problems), problems


def test_a_literal_key_is_told_how_to_reference_it() -> None:
    (problem,) = problems_of("[targets]\na = { provider = 'openai', model = 'x', key = 'sk-abc' }")
    assert "sk-abc" not in problem
    assert '"file:PATH" (mode 0600), "env:NAME" or "keyring:NAME"' in problem


def test_a_date_with_time_and_offset_is_that_moment() -> None:
    config = config_of("[[gpus]]\nmatch = '*'\nrates = [{ from = 1990-01-01T01:00:00+01:00, usd_per_gpu_hour = 1 }]")
    assert config.gpus[0].rates[0].from_ms == 631_152_000_000


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml:1 cannot be read \(no such file"):
        load(tmp_path / "config.toml", 0)


def test_the_file_is_found_by_option_then_variable_then_home(tmp_path: Path) -> None:
    own = tmp_path / ".config" / "costtui" / "config.toml"
    home = {"HOME": str(tmp_path)}
    assert find_path(None, home) is None
    own.parent.mkdir(parents=True)
    own.write_text("")
    assert find_path(None, home) == own
    assert find_path(None, home | {"XDG_CONFIG_HOME": str(tmp_path / "none")}) is None
    assert find_path(None, home | {"COSTTUI_CONFIG": "/a.toml"}) == Path("/a.toml")
    assert find_path(Path("/b.toml"), home | {"COSTTUI_CONFIG": "/a.toml"}) == Path("/b.toml")
    assert find_path(None, {}) is None


def test_loading_imports_nothing_heavy() -> None:
    code = (
        "import sys; from costtui.config.load import load; from costtui.config.watch import ConfigWatch;"
        "print(sorted({'httpx', 'msgspec', 'asyncio',"
        " 'sqlite3', 'textual', 'keyring', 'genai_prices'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
