"""What `costtui doctor` finds."""

from dataclasses import dataclass
from typing import Literal

from costtui.domain.clean import clean

Level = Literal["ok", "note", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line; only a `problem` needs doing. `remedy` is empty where there is nothing to do."""

    name: str
    level: Level
    text: str
    remedy: str = ""

    def lines(self) -> str:
        """For people."""
        shown = f"{self.level:<8} {clean(self.name, 24):<12} {clean(self.text, 400)}"
        return f"{shown}\n{'':<21} -> {clean(self.remedy, 400)}" if self.remedy else shown

    def fields(self) -> dict[str, str]:
        """For programs."""
        texts = {"text": clean(self.text, 400), "remedy": clean(self.remedy, 400)}
        return {"name": clean(self.name, 24), "level": self.level, **texts}
