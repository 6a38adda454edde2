"""`[billing]`: whose bills are read, with which key, and of which part of an organisation."""

from collections.abc import Mapping, Sequence

from costtui.config.addresses import read_secret, read_url
from costtui.config.gpus import Exchange
from costtui.config.model import Billing
from costtui.config.table import Table, nearest

BILLED: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("workspaces",),
    "deepinfra": (),
    "deepseek": (),
    "fireworks": ("namespace",),
    "gmi": (),
    "huggingface": ("namespace",),
    "lambda": (),
    "litellm": ("keys",),
    "moonshot": (),
    "novita": (),
    "openai": ("projects", "keys"),
    "openrouter": (),
    "runpod": (),
    "siliconflow": (),
    "together": (),
    "vastai": (),
    "xai": ("namespace",),
}
"""Providers that there is something to read of or to say about, and by what each narrows its figures down."""
FILTERS = ("projects", "workspaces", "keys", "namespace")


def read_billing(table: Table, currencies: Mapping[str, Sequence[Exchange]]) -> tuple[Billing, ...]:
    """`[billing.NAME]`, by provider."""
    exchange = tuple((name, each.from_ms, each.usd) for name, rows in currencies.items() for each in rows)
    found = []
    for name, inner in table.named_tables():
        if name not in BILLED:
            table.wrong(name, f"has no bill that costtui reads{nearest(name, BILLED)}")
        inner.require("key")
        key, control_key, url = read_secret(inner, "key"), read_secret(inner, "control_key"), read_url(inner, "url")
        if name == "litellm":
            inner.require("url")
        filters = _filters(inner, BILLED.get(name, FILTERS), name)
        inner.close()
        if key is not None:
            found.append(Billing(name, key, filters, control_key, url.rstrip("/") if url else None, exchange))
    return tuple(found)


def _filters(table: Table, known: Sequence[str], name: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    given = [word for word in FILTERS if word in table]
    for word in given:
        table.take(word)
        if word not in known:
            can = f"narrows its figures by {', '.join(known)}" if known else "tells all or nothing"
            table.wrong(word, f"is nothing that {name} knows: it {can}")
    return tuple((word, _filter(table, word)) for word in given if word in known)


def _filter(table: Table, word: str) -> tuple[str, ...]:
    if isinstance(table.take(word), str):
        text = table.text(word)
        return (text,) if text else ()
    return table.names(word) or ()
