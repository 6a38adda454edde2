"""What a replay is about: flags, else the configured route, else a 70B model on two H100 in place of GPT-5."""

from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from costtui.cli.given import Given, nearest
from costtui.cli.picture import now_ms
from costtui.config.duration import duration_seconds
from costtui.config.load import load
from costtui.config.model import Config, Route, Target
from costtui.domain.money import nano_from_usd
from costtui.domain.price import TokenPrice
from costtui.errors import UsageError
from costtui.policy.facts import Rates, Serving
from costtui.policy.ways import PREFILL_PER_DECODE, api_rates
from costtui.rates.prices import PriceBook
from costtui.replay.pool import ReplicaModel
from costtui.replay.report import Limit, Rented
from costtui.replay.run import Setting

LIST_PRICE = Decimal("1.25"), Decimal("0.125"), Decimal(10)
"""GPT-5's: input, cached input, output in USD per million tokens (platform.openai.com/docs/pricing, 2026-11)."""
USD_PER_GPU_HOUR = Decimal("2.50")
GPUS = 2
LARGEST = Decimal(10**9)


class Stated(NamedTuple):
    """A setting, and what to say of it."""

    setting: Setting
    replicas: tuple[int, ...]
    rented: Rented
    limit: Limit | None
    replaced: str
    words: str


def stated(given: Given) -> Stated:
    """Takes its flags out of the command line. Raises UsageError that names the flag."""
    config = load(given.config_path, now_ms()) if given.config_path is not None else None
    route = _route(config, given.value("--route"))
    rates, replaced = _rates(given, config, route)
    engine = _engine(config, route)
    model = _model(given, engine)
    off = 1 + float(_number(given, "--assumed-error", Decimal(0), low=-90)) / 100
    ttft = _number(given, "--ttft", Decimal(str(route.ttft_seconds or 2.0)) if route else Decimal(2))
    tpot_ms = _number(given, "--tpot-ms", Decimal(str(route.tpot_ms or 100)) if route else Decimal(100))
    gpus = len(engine.gpus) if engine is not None and engine.gpus else GPUS
    rented = Rented(
        _number(given, "--gpu-usd-hour", USD_PER_GPU_HOUR), int(_number(given, "--gpus-per-replica", Decimal(gpus)))
    )
    setting = Setting(
        rates=rates,
        model=model,
        believed=Serving(
            model.prefill_tokens_per_second * off,
            model.decode_tokens_per_second * off,
            model.streams,
            model.floor_seconds * 1000,
            model.prefill_share,
        ),
        ttft_seconds=float(ttft),
        tpot_seconds=float(tpot_ms) / 1000,
        max_tokens=int(_number(given, "--max-tokens", Decimal(4096))),
    )
    words = (
        f"a replica: {rented.gpus} GPUs at ${rented.usd_per_gpu_hour}/h, reads {model.prefill_tokens_per_second:g} and"
        f" writes {model.decode_tokens_per_second:g} tokens/s, {model.streams} at a time; objective: first byte in"
        f" {ttft:g} s, {tpot_ms:g} ms per token"
    )
    return Stated(setting, _replicas(given.value("--replicas")), rented, _limit(given), replaced, words)


def _route(config: Config | None, name: str | None) -> Route | None:
    routes = () if config is None else config.routes
    if name is None:
        fitting = [route for route in routes if route.strategy in ("idle-first", "cheapest")]
        return fitting[0] if fitting else None
    found = next((route for route in routes if route.name == name), None)
    if found is None:
        raise UsageError(f"--route: no route {name!r}{nearest(name, [route.name for route in routes])}")
    return found


def _targets(config: Config | None, route: Route | None) -> list[Target]:
    if config is None or route is None:
        return []
    return [target for target in config.targets if target.name in route.targets]


def _engine(config: Config | None, route: Route | None) -> Target | None:
    return next((target for target in _targets(config, route) if target.engine is not None), None)


def _rates(given: Given, config: Config | None, route: Route | None) -> tuple[Rates, str]:
    """Flags, else the route's cheapest priced API, else GPT-5's list price."""
    typed = [given.value(name) for name in ("--input-usd", "--output-usd")]
    if any(text is not None for text in typed):
        if None in typed:
            raise UsageError("replay: --input-usd and --output-usd go together, in USD per million tokens")
        paid, made = (_decimal(text or "", "--input-usd, --output-usd") for text in typed)
        return _per_million(paid, paid, made), f"an API at ${paid} in, ${made} out per Mtok"
    price = _configured(given, config, route)
    if price is not None:
        return api_rates(price), f"{price.provider} {price.model}, {_said(price)}"
    paid, cached, made = LIST_PRICE
    return _per_million(paid, cached, made), f"GPT-5 at its list price, ${paid} in, ${made} out per Mtok"


def _configured(given: Given, config: Config | None, route: Route | None) -> TokenPrice | None:
    book = PriceBook.load(given.state_dir) if route is not None else None
    if book is None:
        return None
    apis = [target.name for target in _targets(config, route) if target.provider is not None]
    priced = [price for name in apis if (price := book.price_of(name, now_ms())) is not None and not price.free]
    return min(priced, key=lambda price: price.input + price.output, default=None)


def _said(price: TokenPrice) -> str:
    return f"${price.input} in, ${price.output} out per Mtok"


def _per_million(paid: Decimal, cached: Decimal, made: Decimal) -> Rates:
    return Rates(nano_from_usd(paid), nano_from_usd(cached), nano_from_usd(made))


def _model(given: Given, engine: Target | None) -> ReplicaModel:
    usual = ReplicaModel()
    decode, prefill = usual.decode_tokens_per_second, usual.prefill_tokens_per_second
    streams = usual.streams
    if engine is not None:
        decode = engine.capacity_output_tokens_per_second or decode
        prefill = engine.prefill_tokens_per_second or decode * PREFILL_PER_DECODE
        streams = engine.streams or streams
    return ReplicaModel(
        prefill_tokens_per_second=float(_number(given, "--prefill", Decimal(str(prefill)))),
        decode_tokens_per_second=float(_number(given, "--decode", Decimal(str(decode)))),
        streams=int(_number(given, "--streams", Decimal(streams), low=1)),
        floor_seconds=float(_number(given, "--floor-ms", Decimal(20))) / 1000,
    )


def _replicas(text: str | None) -> tuple[int, ...]:
    words = (text or "1,2").split(",")
    if not all(word.isdigit() and 0 < int(word) <= 256 for word in words):
        raise UsageError("--replicas: numbers from 1 to 256, such as 1,2,4")
    return tuple(dict.fromkeys(int(word) for word in words))


def _limit(given: Given) -> Limit | None:
    limit, window = given.value("--budget-usd"), given.value("--budget-window")
    if limit is None:
        return None
    seconds = duration_seconds(window or "1h")
    if seconds is None:
        raise UsageError("--budget-window: a time such as 10m or 1h")
    return Limit(nano_from_usd(_decimal(limit, "--budget-usd")), float(seconds))


def _number(given: Given, name: str, usual: Decimal, *, low: int = 0) -> Decimal:
    text = given.value(name)
    number = usual if text is None else _decimal(text, name)
    if number < low or (low == 0 and number == 0):
        raise UsageError(f"{name}: must be more than {low}, not {text}")
    return number


def _decimal(text: str, name: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > LARGEST:
        raise UsageError(f"{name}: {text!r} is no number")
    return number
