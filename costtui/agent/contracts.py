"""Keeps what each GPU costs by contract: an edit is a new row, and the past stays as it was."""

from collections.abc import Iterable, Mapping, Sequence

from costtui.analysis.terms import reconcile
from costtui.config.model import Config
from costtui.domain.terms import Adjustment, KeptTerms, Session
from costtui.rates.terms import terms_for
from costtui.store.rows import KnownGpu
from costtui.store.writer import TelemetryWriter


class Contracts:
    """The terms of all GPUs as written down, reconciled with the configuration when either changes."""

    def __init__(self, kept: Mapping[str, Sequence[KeptTerms]], writer: TelemetryWriter) -> None:
        self._writer = writer
        self._settled: tuple[Config, frozenset[str]] | None = None
        self.kept: dict[str, tuple[KeptTerms, ...]] = {uuid: tuple(rows) for uuid, rows in kept.items()}

    def settle(self, gpus: Iterable[KnownGpu], config: Config, sessions: Sequence[Session], now_ms: int) -> None:
        """Write down what is new; nothing happens while GPUs and configuration are the same."""
        here = {gpu.uuid: gpu for gpu in gpus}
        if self._settled is not None and self._settled[0] is config and self._settled[1] == here.keys():
            return
        adjustments: list[Adjustment] = []
        for gpu in here.values():
            adjustments += self._reconcile(gpu, config, sessions, now_ms)
        if adjustments:
            self._writer.keep_adjustments(adjustments)
        self._settled = (config, frozenset(here))

    def _reconcile(
        self, gpu: KnownGpu, config: Config, sessions: Sequence[Session], now_ms: int
    ) -> tuple[Adjustment, ...]:
        wanted = terms_for(gpu.uuid, gpu.index, gpu.name, config, gpu.first_seen_ms)
        kept = self.kept.get(gpu.uuid, ())
        change = reconcile(gpu.uuid, kept, wanted, now_ms, sessions)
        for row in change.rows:
            self._writer.keep_terms(gpu.uuid, row.terms, row.recorded_ms)
        self.kept[gpu.uuid] = (*kept, *change.rows)
        return change.adjustments
