"""A form drawn over the screen."""

from costtui.tui.form import DURATIONS, Form
from costtui.tui.line import Line, Role, Run, cropped, fitted
from costtui.tui.scene import Scene

WIDEST = 76
HINT = "enter apply · esc leave · up down field · left right change"


def modal(scene: Scene, form: Form) -> list[Line]:
    """The box, line by line, each as wide as the screen."""
    width = min(scene.width, WIDEST)
    inner = max(width - 4, 1)
    rows: list[tuple[str, Role]] = [*_fields(form), ("", "plain")]
    rows += [(text, "warn" if text.lstrip().startswith("!") else "plain") for text in form.told]
    rows.append((form.problem, "bad") if form.problem else ("", "plain"))
    rows.append((HINT, "key"))
    own, margin = scene.glyphs.own, " " * ((scene.width - width) // 2)
    title = cropped(f" {form.kind} {form.name} ", max(width - 3, 1), scene.glyphs.ellipsis)
    top = own("┌" + fitted(title, 0 if width < 4 else len(title)) + "─" * max(width - 2 - len(title), 0) + "┐")
    lines: list[Line] = [(Run(margin + top, "strong"),)]
    for text, role in rows:
        shown = fitted(own(text), inner, ellipsis=scene.glyphs.ellipsis)
        lines.append((Run(margin + own("│ "), "strong"), Run(shown, role), Run(own(" │"), "strong")))
    lines.append((Run(margin + own("└" + "─" * max(width - 2, 0) + "┘"), "strong"),))
    return lines


def _fields(form: Form) -> list[tuple[str, Role]]:
    """Every field on its line; the one that keys change is marked."""
    what = {"drain": "target", "budget": "budget"}.get(form.kind, "route")
    texts = [f"{what:8} [ {form.name} ]"]
    if form.kind == "shift":
        size = max(len(target) for target in form.targets)
        texts += [
            f"{target:<{size}}  {before:>3} → [ {share:>3} ]"
            for target, before, share in zip(form.targets, form.before, form.shares, strict=True)
        ]
    elif form.kind == "budget":
        texts.append(f"limit    {form.before[0] / 100:,.2f} → [ {form.shares[0] / 100:,.2f} $ ]")
    elif form.kind == "pin":
        texts.append(f"to       [ {form.pinned} ]")
    texts += [f"for      [ {DURATIONS[form.lasting][0]} ]", f"reason   [ {form.reason}_ ]"]
    return [
        (f"{'▸' if place == form.field else ' '} {text}", "strong" if place == form.field else "plain")
        for place, text in enumerate(texts)
    ]


def laid_over(lines: tuple[Line, ...], box: list[Line], first: int) -> tuple[Line, ...]:
    """The box in place of as many lines as it has, below the header."""
    start = max(min(first, len(lines) - len(box)), 0)
    return (*lines[:start], *box[: len(lines) - start], *lines[start + len(box) :])
