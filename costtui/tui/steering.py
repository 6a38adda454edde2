"""Changes by hand on the screen: the open form, applying it, taking it back, and waiting until the gateway follows."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from costtui.errors import CosttuiError
from costtui.tui.figures import local_now, zone_of
from costtui.tui.form import Form, Kind, typed

if TYPE_CHECKING:
    from costtui.report.schema import Status
    from costtui.tui.helm import Helm

FOLLOW_SECONDS = 0.02
"""How often the gateway is asked whether it follows a change: only while one is on its way."""
FOLLOW_MS = 2_000
REFUSAL_MS = 5_000
MADE_MS = 30_000


class Ticking(Protocol):
    """Something that calls until it is stopped."""

    def stop(self) -> None: ...


class Steering:
    """The form that is open, if any, and what becomes of it. `say` tells the user; `every` calls in seconds."""

    def __init__(
        self,
        helm: "Helm | None",
        clock: Callable[[], int],
        say: Callable[[str, int], None],
        every: Callable[[float, Callable[[], None]], Ticking],
    ) -> None:
        self._helm = helm
        self._clock = clock
        self._say = say
        self._every = every
        self._following: Ticking | None = None
        self._zone = zone_of("UTC")
        self.form: Form | None = None

    def open(self, kind: Kind, status: "Status | None", name: str, *, past: bool) -> None:
        """Show a form, or say why there is none."""
        try:
            self.form = self._allowed(past=past).open(kind, self._config_path(status), name)
        except CosttuiError as error:
            self._say(str(error), REFUSAL_MS)

    def propose(
        self, status: "Status | None", route: str, shares: tuple[tuple[str, int], ...], reason: str, *, past: bool
    ) -> None:
        """Show a shift that is filled in, or say why there is none."""
        try:
            self.form = self._allowed(past=past).propose(self._config_path(status), route, shares, reason)
        except CosttuiError as error:
            self._say(str(error), REFUSAL_MS)

    def key(self, form: Form, key: str, character: str | None) -> None:
        """A key while the form is open."""
        if key == "escape":
            self.form = None
            self._say("nothing was changed", REFUSAL_MS)
        elif key == "enter":
            self._apply(form)
        else:
            after = typed(form, key, character)
            self.form = after if after is form else self._allowed(past=False).told(after)

    def undo(self, status: "Status | None", *, past: bool) -> None:
        """Take back one's own last change."""
        asked_ms = self._clock()
        try:
            made, undone = self._allowed(past=past).undo(self._config_path(status))
        except CosttuiError as error:
            self._say(str(error), REFUSAL_MS)
        else:
            what = "limit" if undone.budget else undone.kind
            self._follow(made.revision_id, asked_ms, f"the {what} of {undone.subject} is undone")

    def _allowed(self, *, past: bool) -> "Helm":
        if past:
            raise CosttuiError("this is the past: nothing can be changed in it; 0 returns to now")
        if self._helm is None:
            raise CosttuiError("this screen only looks (--read-only): nothing can be changed from here")
        return self._helm

    def _config_path(self, status: "Status | None") -> str | None:
        """Of the configuration in force."""
        if status is None:
            raise CosttuiError("no agent has written here yet: what is in force is not known")
        self._zone = zone_of(status.host.timezone)
        return status.config.path

    def _apply(self, form: Form) -> None:
        asked_ms = self._clock()
        try:
            made = self._allowed(past=False).apply(form)
        except CosttuiError as error:
            self.form = replace(form, problem=str(error))
        else:
            self.form = None
            self._follow(made.revision_id, asked_ms, "u undo")

    def _follow(self, revision: int, asked_ms: int, then: str) -> None:
        """Say when a change was asked for, and when the gateway follows it."""
        if self._following is not None:
            self._following.stop()
        if self._allowed(past=False).followed() is None:
            self._say(f"written; no gateway is running, it holds from its next start on · {then}", MADE_MS)
            return
        self._say(f"asked {self._second(asked_ms)} · {then}", MADE_MS)
        self._following = self._every(FOLLOW_SECONDS, lambda: self._look_after(revision, asked_ms, then))

    def _look_after(self, revision: int, asked_ms: int, then: str) -> None:
        now_ms, followed = self._clock(), self._allowed(past=False).followed()
        asked = f"asked {self._second(asked_ms)}"
        if followed is not None and followed >= revision:
            told = f"{asked} → live {self._second(now_ms)} ({now_ms - asked_ms} ms) · {then}"
        elif now_ms - asked_ms >= FOLLOW_MS:
            told = f"{asked}, the gateway has not followed in {FOLLOW_MS // 1000} s: costtui gateway status · {then}"
        else:
            return
        if self._following is not None:
            self._following.stop()
        self._say(told, MADE_MS)

    def _second(self, at_ms: int) -> str:
        return f"{local_now(at_ms, self._zone):%H:%M:%S}"
