"""The host, its GPUs and its sources, as the picture shows them."""

from costtui.config.model import Config
from costtui.domain.clean import clean
from costtui.domain.gpu import IDLE_STATES, GpuState
from costtui.domain.reading import GpuReading
from costtui.domain.terms import GpuTerms
from costtui.report import schema
from costtui.report.accounts import Account
from costtui.report.ledger import Rates
from costtui.report.money import iso, nine, usd
from costtui.report.observation import GpuNow, Observation, SourceNow

STALE_INTERVALS = 3
"""A source that missed this many looks in a row, and at least 5 s, is stale."""
STALE_SECONDS = 5.0


def host(seen: Observation, config: Config) -> schema.Host:
    """The machine around the GPUs."""
    reading = seen.host
    return schema.Host(
        name=clean(config.host.name or seen.host_name),
        timezone=config.host.timezone.key,
        simulated=seen.simulated,
        driver=clean(seen.driver) if seen.driver else None,
        cpu_percent=reading.cpu_percent if reading else None,
        memory_used_bytes=reading.memory_used_bytes if reading else None,
        memory_total_bytes=reading.memory_total_bytes if reading else None,
        disk_used_bytes=reading.disk_used_bytes if reading else None,
        disk_total_bytes=reading.disk_total_bytes if reading else None,
        network_received_bytes_per_second=seen.network_received_bytes_per_second,
        network_sent_bytes_per_second=seen.network_sent_bytes_per_second,
    )


def gpu(
    now: GpuNow, terms: GpuTerms | None, rates: Rates, ratio: float | None, today: Account, day_ms: int
) -> schema.Gpu:
    """One GPU; `today` is its account since midnight, `day_ms` ago, and `ratio` its engines' share of capacity."""
    reading, totals = now.reading, today.totals
    spans = {state: totals.milliseconds.get(state, 0) if totals else 0 for state in GpuState}
    unobserved_ms = max(day_ms - sum(spans.values()), 0)
    known = today.rent is not None
    energy = totals.energy_millijoules / 1000 if totals and totals.energy_known_ms else None
    return schema.Gpu(
        uuid=clean(now.uuid),
        index=now.index,
        name=clean(now.name),
        state=now.state.value,
        since=iso(now.since_ms),
        utilization_percent=reading.utilization_percent if reading else None,
        capacity_ratio=ratio,
        memory_used_bytes=reading.memory_used_bytes if reading else None,
        memory_total_bytes=reading.memory_total_bytes if reading else None,
        power_watts=_watts(reading),
        temperature_celsius=reading.temperature_celsius if reading else None,
        energy_joules_today=energy,
        usd_per_hour=nine(rates.rent),
        rate_source=terms.source.value if terms else "unknown",
        rate_note=clean(terms.note) if terms else "",
        rent_usd_today=usd(today.rent),
        idle_seconds_today=sum(spans[state] for state in IDLE_STATES) / 1000,
        idle_usd_today=usd(today.split.idle) if known else None,
        lost_usd_today=usd(today.split.by_state[GpuState.LOST]) if known else None,
        seconds_today={state.value: ms / 1000 for state, ms in spans.items()} | {"unobserved": unobserved_ms / 1000},
        engine=clean(", ".join(now.engines)) if now.engines else None,
        reason=clean(now.reason),
        processes=_processes(reading),
        mig=_mig(reading),
    )


def _watts(reading: GpuReading | None) -> float | None:
    return None if reading is None or reading.power_milliwatts is None else reading.power_milliwatts / 1000


def _processes(reading: GpuReading | None) -> tuple[schema.Process, ...] | None:
    if reading is None or reading.processes is None:
        return None
    return tuple(
        schema.Process(
            pid=process.pid,
            memory_bytes=process.memory_bytes,
            owner=clean(process.owner) if process.owner else None,
            command=clean(process.command) if process.command else None,
            reason=clean(process.reason),
        )
        for process in reading.processes
    )


def _mig(reading: GpuReading | None) -> tuple[schema.Slice, ...]:
    if reading is None:
        return ()
    return tuple(
        schema.Slice(
            uuid=clean(part.uuid),
            name=clean(part.name),
            memory_used_bytes=part.memory_used_bytes,
            memory_total_bytes=part.memory_total_bytes,
        )
        for part in reading.mig
    )


def source(now: SourceNow, at_ms: int) -> schema.Source:
    """A source: failed with its problem, stale when it missed several looks, else ok."""
    age = None if now.last_ok_ms is None else max(at_ms - now.last_ok_ms, 0) / 1000
    stale = age is None or age > max(now.interval_seconds * STALE_INTERVALS, STALE_SECONDS)
    state = "failed" if now.problem else "stale" if stale else "ok"
    return schema.Source(
        name=clean(now.name),
        state=state,
        age_seconds=age,
        reason=clean(now.problem.reason) if now.problem else "",
        remedy=clean(now.problem.remedy) if now.problem else "",
    )
