"""Runs a blocking look in a thread of its own, which may hang without holding up the agent's end."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def aside(look: Callable[[], T], name: str) -> T:
    """The result of `look`. A read of a process in an uninterruptible sleep can block for good.

    asyncio's own threads are joined at exit; a daemon thread is not.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            found = look()
        except Exception as error:  # noqa: BLE001 - handed on to the one who waits
            _hand_over(loop, _fail, answer, error)
        else:
            _hand_over(loop, _succeed, answer, found)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await answer


def _hand_over(loop: asyncio.AbstractEventLoop, how: Callable[..., None], *what: object) -> None:
    with suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(how, *what)


def _succeed(answer: "asyncio.Future[T]", found: T) -> None:
    if not answer.done():
        answer.set_result(found)


def _fail(answer: "asyncio.Future[T]", error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
