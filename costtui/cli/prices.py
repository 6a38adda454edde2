"""`costtui prices`: API prices of the configured models, and compiling them anew."""

from costtui.cli.given import Given
from costtui.cli.picture import now_ms, picture_of
from costtui.config.load import load
from costtui.domain.clean import clean
from costtui.domain.price import TokenPrice
from costtui.errors import CosttuiError
from costtui.rates.prices import PriceBook


def run(given: Given) -> int:
    """`list` what is in force, or `compile`."""
    given.flags()
    return {"list": _list, "compile": _compile}[given.action("list", "compile")](given)


def _compile(given: Given) -> int:
    from costtui.rates.child import compile_in_child

    load(given.config_path, now_ms())
    given.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    served = [engine["model"] for engine in picture_of(given.state_dir)["engines"] if engine["model"]]
    compile_in_child(given.config_path, given.state_dir, served)
    return _list(given)


def _list(given: Given) -> int:
    book = PriceBook.load(given.state_dir)
    if book is None:
        raise CosttuiError("no prices compiled yet: `costtui prices compile` reads them from the catalogue")
    at_ms = now_ms()
    for model, prices in book.models.items():
        print(clean(model))
        for price in sorted(_in_force(prices, at_ms), key=lambda price: (price.input + price.output, price.provider)):
            print(f"  {_line(price)}")
    for name, reason in book.unpriced.items():
        print(f"{clean(name)}: ? ({clean(reason)})")
    return 0


def _in_force(prices: tuple[TokenPrice, ...], at_ms: int) -> list[TokenPrice]:
    """The newest price of each provider that has begun."""
    newest: dict[tuple[str, str], TokenPrice] = {}
    for price in sorted(prices, key=lambda price: price.from_ms):
        if price.from_ms <= at_ms:
            newest[price.provider, price.model] = price
    return list(newest.values())


def _line(price: TokenPrice) -> str:
    cached = "" if price.cached_input is None else f", cached {price.cached_input.normalize():f}"
    amounts = f"{price.input.normalize():f} in, {price.output.normalize():f} out{cached} USD per million tokens"
    return clean(f"{price.provider:<14} {amounts}  ({price.model}; {price.source})")
