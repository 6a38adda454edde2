"""What httptools lets through and a strict server must not: refused before anything is sent on."""

HEAD_BYTES = 32 * 1024
"""Of request line and headers together; httptools itself would take 4 MiB."""
HEADER_COUNT = 100
CHUNK_LINE_BYTES = 18
"""A size of up to 16 hex digits and CRLF."""
_HEX = frozenset(b"0123456789abcdefABCDEF")


class ChunkLines:
    """Follows a chunked body beside the parser and finds what the parser forgives: extensions and trailers."""

    __slots__ = ("_left", "_line", "_trailer")

    def __init__(self) -> None:
        self._left = 0
        self._line = b""
        self._trailer = False

    def fault(self, data: bytes) -> str:
        """What is wrong with the next bytes of the body; empty when nothing is."""
        position = 0
        while position < len(data):
            if self._left:
                step = min(self._left, len(data) - position)
                self._left -= step
                position += step
                continue
            end = data.find(b"\n", position)
            self._line += data[position : end + 1 if end >= 0 else len(data)]
            if len(self._line) > CHUNK_LINE_BYTES:
                return "the body has a chunk extension or an overlong chunk size"
            if end < 0:
                return ""
            position = end + 1
            if problem := self._take_line():
                return problem
        return ""

    def _take_line(self) -> str:
        line, self._line = self._line.removesuffix(b"\r\n"), b""
        if self._trailer:
            return "the body has trailers" if line else ""
        if not line or not all(letter in _HEX for letter in line):
            return "the body has a chunk extension or a chunk size that is no number"
        size = int(line, 16)
        self._trailer = size == 0
        self._left = size + 2 if size else 0
        return ""
