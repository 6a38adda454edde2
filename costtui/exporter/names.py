"""Which names get a label of their own: the first ones, for ever; everything after that is `other`."""

OTHER = "other"


class Names:
    """At most `most` label sets. A set that has been told apart once always is, and one that went to `other` always
    does, so that no counter ever falls."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[tuple[str, ...]] = set()
        self._full = False

    def label(self, name: tuple[str, ...]) -> tuple[str, ...]:
        """The name itself, or as many times `other`. Ask for the dearest first."""
        if name in self._known:
            return name
        if len(self._known) >= self._most:
            return (OTHER,) * len(name)
        self._known.add(name)
        return name
