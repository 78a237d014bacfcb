"""Read one HTTP/1.1 reply from a connected socket within a deadline and a size.

`http.client` parses headers with the e-mail package, which takes most of the time of a small request; with hundreds of
workers on one core that limits the speed. The reader here does the part of RFC 9112 that a client needs.
"""

from __future__ import annotations

import re
import socket
import zlib
from collections.abc import Callable
from typing import Literal, NamedTuple

MAX_HEAD_BYTES = 64 * 1024
"""The largest status line and headers that are read; the bounds of http.client are similar."""

RECV_BYTES = 16 * 1024

STREAM_TYPE = "text/event-stream"
"""The Content-Type of a stream of events."""

MAX_CODINGS = 3
"""The largest number of nested compressions that are undone; servers use one, a proxy may add another."""

_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")

FaultKind = Literal["timeout", "connect", "stale", "cut", "protocol", "too_large", "tls", "proxy"]


class WireFault(Exception):
    """An exchange with a server went wrong below HTTP.

    `kind`: what happened (`stale`: closed before one byte of the reply arrived).  `retry`: whether another attempt may
    help.  `sent`: whether the request had been sent, so that the server may have worked on it.  The text is for people,
    without secrets and measured times.
    """

    def __init__(self, kind: FaultKind, message: str, retry: bool = True) -> None:
        self.kind, self.retry, self.sent = kind, retry, False
        super().__init__(message)


class Reply(NamedTuple):
    """An HTTP reply, decompressed; header names in lower case, repeated headers joined by a comma and a space."""

    status: int
    headers: dict[str, str]
    body: bytes
    keep_alive: bool


class ReplyReader:
    """Reads one reply from `sock`.

    `end` is the time (of `clock`, seconds) by which the last byte must have arrived; `cap` the largest body in bytes.
    The caller has set the socket's timeout for the first read.
    """

    __slots__ = ("_sock", "_clock", "_end", "_cap", "_buffer", "_received", "_streams")

    def __init__(self, sock: socket.socket, clock: Callable[[], float], end: float, cap: int) -> None:
        self._sock, self._clock, self._end, self._cap = sock, clock, end, cap
        self._buffer = b""
        self._received = False
        self._streams = False
        """Whether the reply declares a stream of events, which may never end: its beginning is enough."""

    def read(self, bodyless: bool = False) -> Reply:
        """Return the reply; `bodyless` for answers to HEAD. Raises WireFault."""
        status, version, headers = self._read_head()
        while 100 <= status < 200:  # interim answers (RFC 9110, 15.2) precede the final one
            status, version, headers = self._read_head()
        keep_alive = _keeps_alive(version, headers)
        if bodyless or status in (204, 304):
            return Reply(status, headers, b"", keep_alive)
        streams = status < 300 and STREAM_TYPE in headers.get("content-type", "").lower()
        self._streams = streams and "content-encoding" not in headers
        transfer = headers.get("transfer-encoding", "").strip().lower()
        if transfer and transfer != "identity":
            if transfer != "chunked":
                raise WireFault("protocol", f"unknown Transfer-Encoding {transfer!r}", retry=False)
            body = self._read_chunks()
            return Reply(status, headers, self._plain(headers, body), keep_alive and not self._streams)
        if "content-length" in headers:
            body = self._take(self._content_length(headers["content-length"]))
            # Bytes beyond the reply would be read as the next one: such a connection is not used again.
            return Reply(status, headers, self._plain(headers, body), keep_alive and not self._buffer)
        return Reply(status, headers, self._plain(headers, self._read_to_end()), False)

    def _plain(self, headers: dict[str, str], body: bytes) -> bytes:
        """Return the body without its Content-Encoding: the arena requests none, but some gateways add one."""
        if "content-encoding" not in headers:
            return body
        names = [name.strip().lower() for name in headers["content-encoding"].split(",")]
        codings = [name for name in names if name not in ("", "identity")]
        if not codings or not body:
            return body
        unknown = [name for name in codings if name not in ("gzip", "x-gzip", "deflate")]
        if unknown or len(codings) > MAX_CODINGS:
            name = ", ".join(unknown or codings)[:40]
            raise WireFault("protocol", f"the reply is compressed ({name}), which was not asked for", retry=False)
        for name in reversed(codings):
            try:
                body = self._inflated(name, body)
            except zlib.error:
                raise WireFault("protocol", f"the compressed reply ({name}) cannot be read") from None
        return body

    def _inflated(self, name: str, body: bytes) -> bytes:
        # `deflate` is zlib's format, but some servers send the bare stream (RFC 9110, 8.4.1.2).
        bare = name == "deflate" and not (body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0)
        inflater = zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS | 32)
        plain = inflater.decompress(body, self._cap + 1)
        self._capped(len(plain))
        if not inflater.eof:
            raise WireFault("cut", f"the compressed reply ({name}) was cut")
        return plain

    def _begun(self, body: bytes | bytearray) -> bool:
        """Whether enough of a stream has arrived: some servers send the JSON object itself with that type."""
        return self._streams and bytes(body[:RECV_BYTES]).lstrip()[:1] not in (b"", b"{")

    def _more(self) -> bytes:
        """Return the next bytes, `b""` at the end of the stream."""
        if self._received:
            left = self._end - self._clock()
            if left <= 0:
                raise WireFault("timeout", "the reply did not end within the time limit")
            self._sock.settimeout(left)
        try:
            data = self._sock.recv(RECV_BYTES)
        except TimeoutError:
            what = "the reply did not end" if self._received else "no reply"
            raise WireFault("timeout", f"{what} within the time limit") from None
        except OSError as error:
            if self._received:
                raise WireFault("cut", f"connection lost in the middle of the reply ({_reason(error)})") from None
            raise WireFault("stale", f"connection lost before the reply ({_reason(error)})") from None
        if data:
            self._received = True
        return data

    def _read_head(self) -> tuple[int, str, dict[str, str]]:
        buffer = self._buffer
        while (end := buffer.find(b"\r\n\r\n")) < 0:
            if len(buffer) > MAX_HEAD_BYTES:
                raise WireFault("protocol", f"the reply's headers exceed {MAX_HEAD_BYTES} bytes", retry=False)
            data = self._more()
            if not data:
                if not self._received:
                    raise WireFault("stale", "connection closed before the reply")
                raise WireFault("cut", "connection closed within the headers of the reply")
            buffer = buffer + data if buffer else data
        self._buffer = buffer[end + 4 :]
        return _parse_head(buffer[:end].decode("latin-1"))

    def _content_length(self, text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= 18:
            return self._capped(int(text))
        # A repeated header arrives here as "5, 5": the same value twice is allowed (RFC 9112, 6.3), others are not.
        values = {part.strip() for part in text.split(",")}
        value = values.pop()
        if values or not (value.isascii() and value.isdigit()) or len(value) > 18:
            raise WireFault("protocol", f"unreadable Content-Length {text[:40]!r}")
        return self._capped(int(value))

    def _capped(self, size: int) -> int:
        if size > self._cap:
            limit = f"{self._cap / 2**20:g} MiB" if self._cap >= 2**20 else f"{self._cap} bytes"
            raise WireFault("too_large", f"the reply is larger than the {limit} that are accepted", retry=False)
        return size

    def _take(self, size: int) -> bytes:
        """Return exactly `size` bytes; further bytes stay in the buffer."""
        buffer = self._buffer
        if len(buffer) < size:
            parts, have = [buffer], len(buffer)
            while have < size:
                data = self._more()
                if not data:
                    raise WireFault("cut", f"the reply was cut: {have} of {size} bytes came")
                parts.append(data)
                have += len(data)
            buffer = b"".join(parts)
        self._buffer = buffer[size:]
        return buffer[:size]

    def _read_to_end(self) -> bytes:
        parts, have = [self._buffer], self._capped(len(self._buffer))
        while not self._begun(b"".join(parts[:2])) and (data := self._more()):
            parts.append(data)
            have = self._capped(have + len(data))
        self._buffer = b""
        return b"".join(parts)

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise WireFault("protocol", "a chunk of the reply has no readable size")
            data = self._more()
            if not data:
                raise WireFault("cut", "connection closed within a chunked reply")
            self._buffer += data
        line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        return line

    def _read_chunks(self) -> bytes:
        body = bytearray()  # not a list of pieces: each chunk of two bytes would take forty
        while True:
            digits = self._line().split(b";", 1)[0].strip()
            if not _CHUNK_SIZE.fullmatch(digits):
                raise WireFault("protocol", "a chunk of the reply has no readable size")
            size = int(digits, 16)
            if size == 0:
                break
            self._capped(len(body) + size)
            body += self._take(size)
            if self._take(2) != b"\r\n":
                raise WireFault("protocol", "a chunk of the reply is longer than it says")
            if self._begun(body):
                return bytes(body)
        while self._line():  # trailers: read and ignored
            pass
        return bytes(body)


def _parse_head(text: str) -> tuple[int, str, dict[str, str]]:
    lines = text.split("\r\n")
    version, _, rest = lines[0].partition(" ")
    code = rest[:3]
    if not version.startswith("HTTP/1.") or not (code.isascii() and code.isdigit() and len(code) == 3):
        raise WireFault("protocol", f"the reply is not HTTP: it begins with {lines[0][:40]!r}")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        key, value = name.lower(), value.strip()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return int(code), version, headers


def _keeps_alive(version: str, headers: dict[str, str]) -> bool:
    connection = headers.get("connection", "").lower()
    if version == "HTTP/1.0":
        return "keep-alive" in connection
    return "close" not in connection


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
