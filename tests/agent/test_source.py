"""A source that fails backs off and never stops the others."""

import asyncio
from pathlib import Path

from costtui.agent.clock import SystemClock
from costtui.agent.crew import Crew
from costtui.agent.log import Log
from costtui.agent.source import BACKOFF_CAP_SECONDS, Source, attempt, pause_seconds
from costtui.domain.reading import Problem
from costtui.errors import SourceError
from tests.agent.waiting import until


async def nothing() -> Problem | None:
    """A look that is well."""
    return None


def test_failures_double_the_pause_after_the_third_up_to_half_a_minute() -> None:
    source = Source("engine:a", 1.0, 1.0, nothing)
    assert [pause_seconds(source, failures) for failures in (0, 1, 3, 4, 5, 6)] == [1.0, 1.0, 1.0, 2.0, 4.0, 8.0]
    assert pause_seconds(source, 1000) == BACKOFF_CAP_SECONDS


def test_a_source_with_its_own_pace_is_not_delayed_unless_it_fails() -> None:
    source = Source("nvml", 1.0, None, nothing, paced=False)
    assert (pause_seconds(source, 0), pause_seconds(source, 1)) == (0.0, 1.0)


def test_one_source_that_hangs_and_one_that_breaks_do_not_stop_the_third(tmp_path: Path) -> None:
    looks = 0

    async def count() -> Problem | None:
        nonlocal looks
        looks += 1
        return None

    async def hang() -> Problem | None:
        await asyncio.sleep(3600)
        return None

    async def crash() -> Problem | None:
        raise ValueError("broken")

    async def refuse() -> Problem | None:
        raise SourceError("no permission", "join the group video")

    async def run() -> dict[str, Problem | None]:
        log = Log(tmp_path, SystemClock())
        crew = Crew(SystemClock(), log)
        for name, look in (("counts", count), ("hangs", hang), ("crashes", crash), ("refuses", refuse)):
            crew.follow(Source(name, 0.01, 0.05, look))
        await until(lambda: looks >= 20 and crew.has_answers())
        health = {now.name: now.problem for now in crew.health()}
        await crew.end(5.0)
        log.close()
        return health

    health = asyncio.run(run())
    assert health["counts"] is None
    assert health["hangs"] is not None
    assert health["hangs"].reason == "no answer in time"
    assert health["crashes"] is not None
    assert "broken" in health["crashes"].reason
    assert health["refuses"] == Problem("refuses", "no permission", "join the group video")


def test_a_step_that_breaks_names_where() -> None:
    def break_it() -> int:
        raise KeyError("x")

    found, problem = attempt("picture", break_it)
    assert found is None
    assert problem is not None
    assert "test_source.py" in problem.reason
