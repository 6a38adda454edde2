"""When a provider's feed is asked, and for which time: pure, by what was read before."""

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from costtui.domain.billed import FeedState
from costtui.errors import SourceBusy, SourceError, SourceGone, SourceRefused
from costtui.providers.contract import Feed, Span

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
DAYS_BACK, MONTH_BACK = 3, 35
"""The last three days are read again every hour, the last 35 every day: providers correct what they published."""
USED_BACK, USED_MOST = 1, 2
"""Usage by the minute stands in until the bill comes; a day of it, 1,440 buckets, is read again every hour."""
REFUSED_SECONDS, FAILED_SECONDS, MOST_SECONDS = 60, 30, 900
"""Before the second question after a refusal, after another fault, and the most between any two."""
RETRY_AFTER_SECONDS = 3_600
"""A provider may ask for more patience than this and does not get it: 10^9 seconds have been seen."""


def due_ms(feed: Feed, state: FeedState) -> int:
    """When it is to be asked next."""
    return max(state.not_before_ms, (state.read_ms or 0) + feed.every_seconds * 1000)


def spans(feed: Feed, state: FeedState, now_ms: int) -> tuple[Span, ...]:
    """What to ask for at `now_ms`: whole buckets, oldest first, none longer than one question may be."""
    if not feed.grain_seconds:
        return (Span(now_ms, now_ms),)
    grain_ms = feed.grain_seconds * 1000
    end = -(-now_ms // grain_ms) * grain_ms
    begin = (now_ms - _back_ms(feed, state, now_ms)) // grain_ms * grain_ms
    step = feed.most_days * DAY_MS
    return tuple(Span(start, min(start + step, end)) for start in range(begin, end, step))


def _back_ms(feed: Feed, state: FeedState, now_ms: int) -> int:
    """How far back this reading goes."""
    if feed.kind == "usage":
        again = USED_BACK * DAY_MS if now_ms - state.days_ms >= HOUR_MS else 0
        since = now_ms - (state.read_ms or 0) + feed.lag_seconds * 1000
        return min(max(since, again), USED_MOST * DAY_MS)
    if now_ms - state.month_ms >= DAY_MS:
        return MONTH_BACK * DAY_MS
    if now_ms - state.days_ms >= HOUR_MS:
        return DAYS_BACK * DAY_MS
    return now_ms - (state.read_ms or now_ms) + feed.lag_seconds * 1000


def after_reading(
    state: FeedState, feed: Feed, begin_ms: int, missing: tuple[str, ...], refreshed_ms: int | None, now_ms: int
) -> FeedState:
    """The feed's state after a good reading that went back to `begin_ms`."""
    back_ms = now_ms - begin_ms
    days = USED_BACK if feed.kind == "usage" else DAYS_BACK
    return replace(
        state,
        read_ms=now_ms,
        failed_ms=None,
        failures=0,
        problem="",
        remedy="",
        gone=False,
        not_before_ms=0,
        days_ms=now_ms if back_ms >= days * DAY_MS else state.days_ms,
        month_ms=now_ms if back_ms >= MONTH_BACK * DAY_MS else state.month_ms,
        missing=missing,
        refreshed_ms=refreshed_ms,
    )


def after_failure(state: FeedState, feed: Feed, error: SourceError, now_ms: int) -> FeedState:
    """The feed's state after a failure: what was read stays, and the next question waits longer each time."""
    failures = state.failures + 1
    gone = isinstance(error, SourceGone) or (feed.optional and isinstance(error, SourceRefused))
    wait = DAY_MS // 1000 if gone else _patience(error, failures, now_ms)
    return replace(
        state,
        failed_ms=now_ms,
        failures=failures,
        problem=error.reason,
        remedy=error.remedy,
        gone=gone,
        not_before_ms=now_ms + wait * 1000,
    )


def _patience(error: SourceError, failures: int, now_ms: int) -> int:
    first = REFUSED_SECONDS if isinstance(error, (SourceRefused, SourceBusy)) else FAILED_SECONDS
    wait: int = min(first << min(failures - 1, 10), MOST_SECONDS)
    if isinstance(error, SourceBusy):
        wait = max(wait, min(retry_after_seconds(error.retry_after, now_ms), RETRY_AFTER_SECONDS))
    return wait


def retry_after_seconds(text: str, now_ms: int) -> int:
    """Of the header: seconds, or an HTTP date; 0 for anything else."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return int(text[:12])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0
    moment = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0, int((moment - datetime.fromtimestamp(now_ms / 1000, UTC)).total_seconds()))
