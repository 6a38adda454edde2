"""A request's head: read strictly once, and known again by its bytes when the same client sends it again."""

import re

import httptools

from costtui.dialects.operation import PATHS, Operation
from costtui.dialects.refusals import Refusal
from costtui.gateway.framing import HEADER_COUNT, ChunkLines
from costtui.gateway.headers import DROP, FORWARD, REQUEST_ROLES, Role
from costtui.gateway.judging import Judging

UNBOUNDED = 1 << 62
_REQUEST_LINE = re.compile(rb"[A-Z]+ [!-~]+ HTTP/1\.[01]\r\n")
"""httptools forgives more than one space before the version."""


class Head:
    """What a head says. Defaults stand on the class: a plain request never sets most of them."""

    operation: Operation | None = None
    method = b""
    path = b""
    forwarded = b""
    """The header lines that go on to the upstream."""
    credential = b""
    tag = ""
    """What the caller calls the request."""
    data_class = ""
    """What the caller says of its content."""
    key_id: str | None = None
    """The key that the credential was found to be; None before it was looked up."""
    length = -1
    chunked = False
    close = False
    """Whether the client wants the connection closed after the answer."""
    old = False
    """Whether it speaks HTTP/1.0: no chunks, and the end of the answer is the end of the connection."""
    trailers = False
    expects = False

    @property
    def lasting(self) -> bool:
        """Whether the same bytes always mean the same: then they need not be read again."""
        return self.length > 0 and not self.chunked and not self.expects and not self.old


class HeadReader:
    """httptools' callbacks for one request at a time."""

    def __init__(self, judging: Judging) -> None:
        self._judging = judging
        self.parser = httptools.HttpRequestParser(self)
        self.begin()

    def begin(self) -> None:
        """Ready for the next request."""
        self.head = Head()
        self.fault: Refusal | None = None
        self.in_body = False
        self.complete = False
        self.pipelined = False
        self.body: list[bytes] = []
        self._body_bytes = 0
        self._chunks: ChunkLines | None = None
        self._lines: list[bytes] = []
        self._hosts = 0
        self._typed = False
        self._line = b""
        self._line_read = False

    def feed(self, data: bytes) -> None:
        """More of the request; what is wrong with it is `fault`."""
        if not self._line_read:
            self._read_line(data)
        before = self._chunks
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.fault = self.fault or Refusal(400, "the request is not sound HTTP/1.1", "bad_framing")
            return
        if self._chunks is not None and self.fault is None and self.in_body:
            problem = self._chunks.fault(data if before is not None else data[data.find(b"\r\n\r\n") + 4 :])
            if problem:
                self.fault = Refusal(400, problem, "bad_framing")

    def _read_line(self, data: bytes) -> None:
        data = data if self._line else data.lstrip(b"\r\n")
        self._line += data[: data.find(b"\n") + 1] if b"\n" in data else data
        self._line_read = self._line.endswith(b"\n")
        if self._line_read and not _REQUEST_LINE.fullmatch(self._line):
            self.fault = Refusal(400, "the request's first line is not sound HTTP/1.1", "bad_framing")

    # httptools' side; what comes after a whole request belongs to a pipelined one

    def on_url(self, url: bytes) -> None:
        """A piece of the path."""
        if not self.complete:
            self.head.path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        if self.in_body:
            return
        role = REQUEST_ROLES[name]
        if role is FORWARD:
            self._lines.append(b"%b: %b\r\n" % (name, value))
            if len(self._lines) > HEADER_COUNT:
                self.fault = Refusal(431, f"the request has more than {HEADER_COUNT} headers", "headers_too_large")
        elif role is not DROP:
            self._take(role, value)

    def _take(self, role: Role, value: bytes) -> None:
        """A header that is for the gateway itself."""
        head = self.head
        if role is Role.HOST:
            self._hosts += 1
            self.fault = self.fault or self._judging.host_fault(value)
        elif role is Role.LENGTH:
            head.length = int(value) if value.isdigit() and len(value) < 16 else UNBOUNDED
        elif role is Role.AUTHORIZATION:
            kind, _, credential = value.partition(b" ")
            head.credential = credential.strip() if kind.lower() == b"bearer" else b"?"
        elif role is Role.API_KEY:
            head.credential = head.credential or value
        elif role is Role.CONTENT_TYPE:
            self._typed = value.lower().startswith(b"application/json")
        elif role is Role.CONNECTION:
            head.close = b"close" in value.lower()
        else:
            self._take_rare(role, value)

    def _take_rare(self, role: Role, value: bytes) -> None:
        if role is Role.TRANSFER:
            if value.lower() != b"chunked" or self._chunks is not None:
                self.fault = Refusal(400, "the only transfer encoding taken is `chunked`", "bad_framing")
            self._chunks, self.head.chunked = ChunkLines(), True
        elif role is Role.TE:
            self.head.trailers = b"trailers" in value.lower()
        elif role is Role.CONTENT_ENCODING and value.lower() != b"identity":
            self.fault = Refusal(415, "send the body without a content encoding", "unsupported_encoding")
        elif role is Role.TAG:
            self.head.tag = value.decode("latin-1")
        elif role is Role.DATA_CLASS:
            self.head.data_class = value.decode("latin-1")
        elif role is Role.EXPECT:
            self.head.expects = value.lower() == b"100-continue"
        elif role is Role.ORIGIN or role is Role.FETCH_SITE:
            self.fault = self.fault or self._judging.page_fault(role, value)

    def on_headers_complete(self) -> None:
        """All that can be refused before the body is read."""
        if self.complete:
            self.pipelined = True
            return
        head, self.in_body = self.head, True
        head.method = self.parser.get_method()
        head.operation = PATHS.get(head.path)
        head.forwarded = b"".join(self._lines)
        version = self.parser.get_http_version()
        if version == "1.0":
            head.old = head.close = True
        self.fault = self.fault or self._fault(version)

    def _fault(self, version: str) -> Refusal | None:
        head = self.head
        if version not in ("1.1", "1.0") or not head.path.startswith(b"/"):
            return Refusal(400, "only HTTP/1.1 with a path is spoken here", "bad_framing")
        if self._hosts != 1:
            return Refusal(400, "a request needs exactly one Host header", "bad_framing")
        if head.chunked and version == "1.0":
            return Refusal(400, "HTTP/1.0 has no transfer encodings", "bad_framing")
        if head.length > self._judging.max_body_bytes:
            return self._judging.too_large()
        if head.operation is not None and head.method == b"POST" and not self._typed:
            return Refusal(415, "send JSON with content-type: application/json", "unsupported_media_type")
        return None

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self.complete or self.fault is not None:
            return
        self._body_bytes += len(data)
        if self._body_bytes > self._judging.max_body_bytes:
            self.fault = self._judging.too_large()
            self.body.clear()
        else:
            self.body.append(data)

    def on_message_complete(self) -> None:
        """The request is whole, or a second one is."""
        self.pipelined = self.complete
        self.complete = True
