"""What goes to the terminal when some cells changed: those cells alone."""

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate  # there is no public name for it


class ExactUpdate(ChopsUpdate):
    """Sends each span from its first cell to its last.

    Textual 8.2 sends each one from the beginning of its row, so a row with three changes goes out three times: 1,607
    B/s instead of 379 for the overview, 3,234 instead of 837 for a list of requests, 26 KB instead of 19 at the start.
    """

    @classmethod
    def of(cls, update: ChopsUpdate) -> "ExactUpdate":
        """The same change."""
        return cls(update.chops, update.spans, update.chop_ends)

    def render_segments(self, console: Console) -> str:
        """Cursor moves and cells; styles are ended with each piece."""
        sequences: list[str] = []
        for y, first, end in self.spans:
            for piece_end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                start, until = max(first, x), min(end, piece_end)
                if strip is not None and start < until:
                    sequences.append(Control.move_to(start, y).segment.text)
                    sequences.append(strip.crop(start - x, until - x).render(console))
        return "".join(sequences)
