"""The tables of providers' bills in telemetry.db, and how their values are written down."""

import json

from costtui.domain.bill import Balance, BurnItem, Dimensions, Level, Limit, ListPrice
from costtui.domain.usage import Usage

SCHEMA = (
    "create table bill_lines (id integer primary key, provider text not null, feed text not null,"
    " from_ms integer not null, until_ms integer not null, dims text not null, nano integer, quantity text,"
    " unit text not null, gone integer not null, as_of_ms integer not null) strict",
    "create index bill_lines_by_bucket on bill_lines (provider, feed, from_ms, until_ms, dims, id)",
    "create table bill_used (provider text not null, feed text not null, from_ms integer not null,"
    " until_ms integer not null, dims text not null, usage text, requests integer,"
    " primary key (provider, feed, from_ms, until_ms, dims)) strict, without rowid",
    "create table bill_levels (id integer primary key, provider text not null, feed text not null, kind text not null,"
    " name text not null, body text not null, since_ms integer not null, at_ms integer not null) strict",
    "create index bill_levels_by_name on bill_levels (provider, feed, kind, name, id)",
    "create table bill_feeds (provider text not null, feed text not null, body text not null,"
    " primary key (provider, feed)) strict, without rowid",
)
LINE = "provider, feed, from_ms, until_ms, dims, nano, quantity, unit, gone, as_of_ms"
LEVELS: dict[str, type[Level]] = {"balance": Balance, "burn": BurnItem, "limit": Limit, "price": ListPrice}


def dims_text(dims: Dimensions) -> str:
    """As a row holds them; equal ones are equal texts."""
    return json.dumps(dims)


def dimensions(text: str) -> Dimensions:
    """Of `dims_text`."""
    return Dimensions(*json.loads(text))


def usage_of(text: str | None) -> Usage | None:
    """Tokens of one bucket; None where they were not said."""
    return None if text is None else Usage(*json.loads(text))
