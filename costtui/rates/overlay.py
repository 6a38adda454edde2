"""The user's own prices by provider and model, in prices.toml beside the configuration; they beat the catalogue."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from costtui.config.document import CONFIG_BYTES, parse
from costtui.config.gpus import Exchange, read_currencies
from costtui.config.prices import in_order, read_price, times
from costtui.config.table import Problems, Table
from costtui.domain.clean import clean
from costtui.domain.price import TokenPrice
from costtui.errors import ConfigError
from costtui.rates.prices import OVERLAY_FILE


def overlay_path(config_path: Path | None) -> Path | None:
    """Where the file is if there is one; None without a configuration."""
    return None if config_path is None else config_path.parent / OVERLAY_FILE


def inputs_digest(config_path: Path | None) -> str:
    """A hash of everything the user wrote that a compilation reads; another one means it is time to compile."""
    digest = hashlib.sha256()
    for path in (config_path, overlay_path(config_path)):
        digest.update((_bytes_of(path) if path is not None else None) or b"")
        digest.update(b"\0")
    return digest.hexdigest()


def read_overlay(config_path: Path | None, zone: ZoneInfo) -> tuple[TokenPrice, ...]:
    """Every `[[price]]`, ascending by day per model. Raises ConfigError with every problem and its line."""
    path = overlay_path(config_path)
    if path is None or config_path is None or (body := _bytes_of(path)) is None:
        return ()
    document = parse(clean(str(path)), body)
    problems = Problems(document)
    whole = Table(document.values, (), problems, zone)
    currencies = {**_currencies_of(config_path, zone), **read_currencies(whole.table("currencies"))}
    quotes: dict[tuple[str, str], list[tuple[TokenPrice, ...]]] = {}
    for row in whole.tables("price"):
        row.require("provider", "model")
        provider, model = row.text("provider"), row.text("model")
        quote = read_price(row, currencies, provider=provider or "", model=model or "")
        known = quotes.setdefault(_offer(provider or "", model or ""), [])
        if quote and any(other[0].from_ms == quote[0].from_ms for other in known if other):
            row.wrong("from", "is the day of another price of the same model")
        known.append(quote)
    whole.close()
    if found := problems.lines():
        raise ConfigError(found)
    rows = [row for each in quotes.values() for row in in_order(each)]
    return tuple(replace(row, source=row.source.replace("config", OVERLAY_FILE, 1)) for row in rows)


def _bytes_of(path: Path) -> bytes | None:
    """None where there is no such file. Raises ConfigError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(CONFIG_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise ConfigError((f"{clean(str(path))}:1 cannot be read ({reason}); check the path and its mode",)) from None


def _currencies_of(config_path: Path, zone: ZoneInfo) -> dict[str, tuple[Exchange, ...]]:
    document = parse(clean(str(config_path)), _bytes_of(config_path) or b"")
    return dict(read_currencies(Table(document.values, (), Problems(document), zone).table("currencies")))


def _offer(provider: str, model: str) -> tuple[str, str]:
    return provider.lower(), model.lower()


def own_rows(overlay: Sequence[TokenPrice], provider: str, model: str) -> list[TokenPrice]:
    """The rows of one model at one provider, in any spelling of their case."""
    return [row for row in overlay if _offer(row.provider, row.model) == _offer(provider, model)]


def laid_over(below: Sequence[TokenPrice], own: Sequence[TokenPrice]) -> list[TokenPrice]:
    """The rows below until the own first day and the own from then on, under the names below; ascending by day.

    A row that is a discount takes it off whatever is below at the time, and is nothing where nothing is below.
    """
    if not own:
        return list(below)
    rows = [row for row in below if row.from_ms < own[0].from_ms]
    label = below[0] if below else own[0]
    ends = [row.from_ms for row in own[1:]]
    for row, end_ms in zip(own, [*ends, None], strict=True):
        if row.discount_percent is None:
            rows.append(replace(row, provider=label.provider, model=label.model, source=row.source + _over(below, row)))
        else:
            rows += _discounted(below, row, end_ms)
    return rows


def _over(below: Sequence[TokenPrice], row: TokenPrice) -> str:
    """`, over catalogue ...`: what would hold without the row."""
    instead = [each for each in below if each.from_ms <= row.from_ms]
    return f", over {instead[-1].source}" if instead else ""


def _discounted(below: Sequence[TokenPrice], row: TokenPrice, end_ms: int | None) -> list[TokenPrice]:
    percent = row.discount_percent or Decimal(0)
    day_ms = max((each.from_ms for each in below if each.from_ms <= row.from_ms), default=None)
    begun = [each for each in below if each.from_ms == day_ms]
    later = [each for each in below if row.from_ms < each.from_ms and (end_ms is None or each.from_ms < end_ms)]
    return [
        replace(
            times(each, 1 - percent / 100),
            from_ms=max(each.from_ms, row.from_ms),
            source=f"{each.source}, less {percent:f} % by {row.source}",
        )
        for each in (*begun, *later)
    ]
