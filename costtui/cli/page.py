"""`costtui report --html FILE` and `--markdown FILE`: the figures of the other commands on one page."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from costtui.analysis.breakeven_standing import standing_of
from costtui.cli.forecast_text import BUDGETS, budget_cells
from costtui.cli.given import Given
from costtui.cli.key_names import key_names
from costtui.cli.picture import now_ms, picture_of
from costtui.cli.since import since_ms
from costtui.cli.verdict import read_situation
from costtui.config.load import load
from costtui.config.model import Config
from costtui.domain.budget import ScopeKind
from costtui.domain.calendar import local
from costtui.domain.clean import clean
from costtui.errors import CosttuiError, SourceError
from costtui.rates.prices import PriceBook
from costtui.report.advice import advice
from costtui.report.advised import figures_of
from costtui.report.billed_spend import BilledSpend
from costtui.report.exhaustion import budget_outlooks, kinds_of
from costtui.report.forecast import history, outlooks
from costtui.report.money import iso
from costtui.report.page import Page, Section
from costtui.report.page_ahead import advice_section, ahead_section, compare_section
from costtui.report.page_headline import headline
from costtui.report.page_html import html_of
from costtui.report.page_idle import idle_section
from costtui.report.page_markdown import markdown_of
from costtui.report.page_spend import Span, spend_section
from costtui.report.page_verdict import breakeven_section, tco_section
from costtui.report.standings import fresh_picture
from costtui.report.verdict_breakeven import setting_of
from costtui.report.verdict_tco import total_of
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader

MARKS = "All amounts are USD; ? is not known, ≥ lacks a part that is not known, ~ is an estimate."
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
    zone = config.host.timezone
    from_ms = since_ms(since, at_ms, zone)
    book = None
    with contextlib.suppress(SourceError):
        book = PriceBook.load(given.state_dir)
    situation, billed = read_situation(given), BilledSpend.open(given.state_dir)
    names = tuple(billing.provider for billing in config.billing)
    with (
        contextlib.closing(TelemetryReader(given.state_dir)) as telemetry,
        contextlib.closing(LedgerReader(given.state_dir)) as ledger,
    ):
        figures = figures_of(given.state_dir, telemetry, ledger, config, book, from_ms, at_ms)
        sections = [
            headline(picture_of(given.state_dir)),
            advice_section(advice(figures)),
            spend_section(ledger, Span(from_ms, at_ms + 1, zone), lambda metered: billed.at(at_ms, names, metered)),
            _ahead(given, config, ledger, at_ms),
            idle_section(figures.idle),
            tco_section(total_of(situation)),
            breakeven_section(standing_of(setting_of(situation)), situation.at_ms),
            compare_section(figures.compared),
        ]
    begin, end = (f"{local(each, zone):%Y-%m-%d %H:%M}" for each in (from_ms, at_ms))
    return Page("What LLMs cost here", f"{begin} to {end}, {zone.key}. {MARKS}", sections)


def _ahead(given: Given, config: Config, ledger: LedgerReader, at_ms: int) -> Section:
    zone, keys, kind = config.host.timezone, key_names(given.state_dir), ScopeKind.PROVIDER
    past = history(ledger, at_ms, zone, (kind, *kinds_of(config.budgets)))
    budgets = budget_outlooks(config.budgets, fresh_picture(given.state_dir, at_ms), past, keys, zone)
    rows = [budget_cells(each, iso(at_ms), zone) for each in budgets]
    return ahead_section(outlooks(past, kind, {}), BUDGETS, rows)


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
