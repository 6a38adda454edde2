"""`costtui prices`: what models cost, which price applies and why, and saying yes to one that was held."""

from collections.abc import Sequence

from costtui.cli.given import Given, nearest
from costtui.cli.listed_text import listed_lines
from costtui.cli.picture import now_ms, picture_of
from costtui.cli.price_text import explained, line
from costtui.config.load import load
from costtui.domain.clean import clean
from costtui.errors import CosttuiError, UsageError
from costtui.rates.guard import Held, accepted_of
from costtui.rates.models import why_answered
from costtui.rates.prices import PriceBook
from costtui.report.listed import Listed, listed
from costtui.store.bills import BillReader

ACTIONS = ("list", "compile", "accept")


def run(given: Given) -> int:
    """`list` what is in force, `compile`, `accept NAME`, or explain the model or target that is named."""
    given.flags()
    words = given.arguments
    if words and words[0] not in ACTIONS:
        name = words.pop(0)
        given.no_more()
        return _explain(given, name)
    if words[:1] == ["accept"]:
        if len(words) != 2:
            raise UsageError("prices accept: needs the name of one model or target")
        return _accept(given, words[1])
    return {"list": _list, "compile": _compile}[given.action("list", "compile")](given)


def _compile(given: Given) -> int:
    _compile_anew(given)
    return _list(given)


def _compile_anew(given: Given, accept: Sequence[str] = ()) -> None:
    from costtui.rates.child import compile_in_child

    load(given.config_path, now_ms())
    given.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    served = [engine["model"] for engine in picture_of(given.state_dir)["engines"] if engine["model"]]
    compile_in_child(given.config_path, given.state_dir, served, accept=accept)


def _book(given: Given) -> PriceBook:
    book = PriceBook.load(given.state_dir)
    if book is None:
        raise CosttuiError("no prices compiled yet: `costtui prices compile` reads them from the catalogue")
    return book


def _list(given: Given) -> int:
    book, at_ms = _book(given), now_ms()
    for model in book.models:
        print(clean(model))
        for price in sorted(book.offered(model, at_ms), key=lambda price: (price.input + price.output, price.provider)):
            print(f"  {line(price)}")
    for name in book.targets:
        if (own := book.price_of(name, at_ms)) is not None:
            print(f"{clean(name)}: {line(own)}")
    for name, reason in book.unpriced.items():
        print(f"{clean(name)}: ? ({clean(reason)})")
    for each in book.held:
        print(_held(each))
    for text in listed_lines(_listed(given, book, at_ms)):
        print(text)
    return 0


def _listed(given: Given, book: PriceBook, at_ms: int) -> tuple[Listed, ...]:
    targets = load(given.config_path, at_ms).targets
    return listed(BillReader(given.state_dir).levels(), targets, book, at_ms)


def _held(held: Held) -> str:
    return clean(f"held: {held.text}; `costtui prices accept {held.model}` takes it")


def _explain(given: Given, name: str) -> int:
    book, at_ms = _book(given), now_ms()
    targets = [name] if name in book.targets else _named(book, name)
    if name in book.unpriced:
        print(f"{clean(name)}: ? ({clean(book.unpriced[name])})")
        for text in listed_lines([each for each in _listed(given, book, at_ms) if each.target == name]):
            print(f"  {text}")
        print("  its cost is unknown until [prices] in the configuration or prices.toml beside it says the price")
    elif not targets and name not in book.models:
        known = (*book.targets, *book.models, *book.unpriced, *ACTIONS)
        raise CosttuiError(f"no target or model {clean(name)!r} in the configuration{nearest(name, known)}")
    for target in targets:
        print("\n".join(explained(target, book.targets[target], at_ms)))
    if name in book.models:
        print(f"{clean(name)}, as others sell it:")
        for price in sorted(book.offered(name, at_ms), key=lambda price: (price.input + price.output, price.provider)):
            print(f"  {line(price)}")
        for reason in book.reasons.get(name, ()):
            print(f"  same model: {clean(reason)}")
    for each in _held_of(book, name, targets):
        print(_held(each))
    return 0


def _named(book: PriceBook, name: str) -> list[str]:
    """Targets whose price is that of the model so named."""
    return [target for target, rows in book.targets.items() if any(why_answered(row.model, name) for row in rows)]


def _held_of(book: PriceBook, name: str, targets: Sequence[str]) -> list[Held]:
    offers = {(row.provider, row.model) for target in targets for row in book.targets[target]}
    return sorted(accepted_of(book.held, name, offers))


def _accept(given: Given, name: str) -> int:
    before = _book(given)
    targets = [name] if name in before.targets else []
    asked = _held_of(before, name, targets)
    if not asked:
        raise CosttuiError(f"nothing is held of {clean(name)!r}; `costtui prices` lists what is")
    _compile_anew(given, [name])
    after = _book(given)
    for each in asked:
        print(clean(f"{'taken' if each not in after.held else 'still held'}: {each.text}"))
    for each in _held_of(after, name, targets):
        if each not in asked:
            print(_held(each))
    return 0
