"""`costtui report --html FILE` and `--markdown FILE`: the figures of the other commands on one page."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from costtui.cli.given import Given
from costtui.cli.picture import now_ms, picture_of
from costtui.cli.since import since_ms
from costtui.config.load import load
from costtui.domain.clean import clean
from costtui.errors import CosttuiError, SourceError
from costtui.rates.prices import PriceBook
from costtui.report.idle import idle_report
from costtui.report.money import iso
from costtui.report.page import Page
from costtui.report.page_headline import headline
from costtui.report.page_html import html_of
from costtui.report.page_idle import idle_section
from costtui.report.page_markdown import markdown_of
from costtui.report.page_spend import Span, spend_section
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader

Render = Callable[[Page], str]


def run_page(given: Given, html: str | None, markdown: str | None) -> int:
    """Write what was asked for; `-` is standard output."""
    since = given.value("--since")
    given.flags()
    given.no_more()
    page = _page(given, since or "month")
    asked: tuple[tuple[str | None, Render], ...] = ((html, html_of), (markdown, markdown_of))
    for path, render in asked:
        if path == "-":
            sys.stdout.write(render(page))
        elif path is not None:
            _write(Path(path).expanduser(), render(page))
    return 0


def _page(given: Given, since: str) -> Page:
    at_ms = now_ms()
    config = load(given.config_path, at_ms)
    from_ms = since_ms(since, at_ms, config.host.timezone)
    book = None
    with contextlib.suppress(SourceError):
        book = PriceBook.load(given.state_dir)
    with (
        contextlib.closing(TelemetryReader(given.state_dir)) as telemetry,
        contextlib.closing(LedgerReader(given.state_dir)) as ledger,
    ):
        sections = [
            headline(picture_of(given.state_dir)),
            spend_section(ledger, Span(from_ms, at_ms + 1, config.host.timezone)),
            idle_section(idle_report(telemetry, config, book, from_ms, at_ms)),
        ]
    told = f"{iso(from_ms)} to {iso(at_ms)}. USD. ? is not known, ≥ lacks a part that is not known, ~ is an estimate."
    return Page("What LLMs cost here", told, sections)


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and for its owner's eyes: mkstemp makes it 0600."""
    shown = clean(str(path))
    if path.is_dir():
        raise CosttuiError(f"{shown} is a directory; name the file to write in it")
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:64]}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise CosttuiError(f"{shown} cannot be written ({error.strerror}); choose another file") from None
