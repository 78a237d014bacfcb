"""Reading one HTTP reply off a socket: framing, cut replies, what is not HTTP, the caps."""

from __future__ import annotations

import socket
import tracemalloc
from typing import cast

import pytest

from arena.providers.http.wire import Reply, ReplyReader, WireFault


def read(*pieces: bytes, closed: bool = True, cap: int = 1000, end: float = 30.0, bodyless: bool = False) -> Reply:
    """Read what a server sends in `pieces`, after which it closes unless `closed` is False. The clock stays at 0."""
    near, far = socket.socketpair()
    with near, far:
        near.settimeout(0.05)
        for piece in pieces:
            far.sendall(piece)
        if closed:
            far.shutdown(socket.SHUT_WR)
        return ReplyReader(near, lambda: 0.0, end, cap).read(bodyless)


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("sent", "body", "keep_alive"),
    [
        (OK + b"Content-Length: 2\r\n\r\nhi", b"hi", True),
        (OK + b"content-length:2\r\n\r\nhi", b"hi", True),
        (OK + b"Content-Length: 2, 2\r\n\r\nhi", b"hi", True),
        (OK + b"Content-Length: 2\r\nConnection: close\r\n\r\nhi", b"hi", False),
        (OK + b"Content-Length: 2\r\n\r\nhi and more", b"hi", False),
        (OK + b"\r\nuntil the end", b"until the end", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"hi", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", b"hi", True),
        (
            OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nA;x=y\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
            b"hi0123456789",
            True,
        ),
        (b"HTTP/1.1 204 None\r\n\r\n", b"", True),
        (b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nhi", b"hi", True),
    ],
)
def test_every_framing_gives_the_body(sent: bytes, body: bytes, keep_alive: bool) -> None:
    reply = read(sent)
    assert (reply.body, reply.keep_alive) == (body, keep_alive)


def test_a_reply_may_come_byte_by_byte() -> None:
    sent = OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    assert read(*(sent[i : i + 1] for i in range(len(sent)))).body == b"hi"


class _Sender:
    """A socket that gives the same reply in chunks of two bytes, and holds no more of it than one read."""

    def __init__(self, chunks: int) -> None:
        self._left = chunks
        self._head = OK + b"Transfer-Encoding: chunked\r\n\r\n"

    def settimeout(self, seconds: float) -> None:
        pass

    def recv(self, most: int) -> bytes:
        head, self._head = self._head, b""
        if head:
            return head
        now = min(self._left, most // 7)
        self._left -= now
        return b"2\r\nhi\r\n" * now if now else b"0\r\n\r\n"


def test_tiny_chunks_cost_no_more_memory_than_their_bytes() -> None:
    size = 60_000
    tracemalloc.start()
    try:
        body = ReplyReader(cast(socket.socket, _Sender(size // 2)), lambda: 0.0, 30.0, size).read().body
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(body) == size and peak < 6 * size, "two bytes as an object of their own take 35"


def test_header_names_are_lower_case_and_repeated_ones_joined() -> None:
    assert read(OK + b"X-A: 1\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n").headers["x-a"] == "1, 2"


def test_the_answer_to_head_has_no_body() -> None:
    assert read(OK + b"Content-Length: 99\r\n\r\n", bodyless=True, closed=False).body == b""


@pytest.mark.parametrize(
    ("sent", "kind", "message"),
    [
        (b"", "stale", "closed before the reply"),
        (b"HTTP/1.1 20", "cut", "within the headers"),
        (OK + b"Content-Length: 9\r\n\r\nhi", "cut", "2 of 9 bytes"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhi", "cut", "2 of 9 bytes"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", "cut", "chunked"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "protocol", "no readable size"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n-2\r\nhi\r\n", "protocol", "no readable size"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0_2\r\nhi\r\n", "protocol", "no readable size"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\nhi\r\n", "protocol", "no readable size"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhiho\r\n0\r\n\r\n", "protocol", "longer than it says"),
        (OK + b"Content-Length: 1, 2\r\n\r\nhi", "protocol", "Content-Length"),
        (OK + b"Content-Length: -1\r\n\r\nhi", "protocol", "Content-Length"),
        (OK + b"Transfer-Encoding: gzip\r\n\r\n", "protocol", "Transfer-Encoding"),
        (OK + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\nhi", "protocol", "compressed"),
        (OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi", "protocol", "cannot be read"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "protocol", "not HTTP"),
        (b"HTTP/1.1 abc\r\n\r\n", "protocol", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000, "protocol", "headers exceed"),
        (OK + b"Content-Length: 1001\r\n\r\n", "too_large", "larger than the 1000 bytes"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n3e9\r\n", "too_large", "larger"),
        (OK + b"\r\n" + b"x" * 1001, "too_large", "larger"),
    ],
)
def test_a_broken_reply_says_what_is_wrong(sent: bytes, kind: str, message: str) -> None:
    with pytest.raises(WireFault, match=message) as caught:
        read(sent)
    assert caught.value.kind == kind


def test_reply_without_a_length_is_read_up_to_the_cap() -> None:
    """The first piece is within the cap; what follows is not."""
    sent = OK + b"\r\n" + b"x" * 40_000
    assert len(read(sent, cap=40_000).body) == 40_000
    with pytest.raises(WireFault) as caught:
        read(sent, cap=39_999)
    assert caught.value.kind == "too_large"


def test_silence_is_a_timeout_before_and_within_the_reply() -> None:
    with pytest.raises(WireFault, match="no reply within the time limit") as caught:
        read(closed=False)
    assert caught.value.kind == "timeout"
    with pytest.raises(WireFault, match="did not end within the time limit"):
        read(OK + b"Content-Length: 9\r\n\r\nhi", closed=False, end=0.05)


def test_a_reply_that_drips_does_not_outlive_its_moment() -> None:
    with pytest.raises(WireFault, match="did not end") as caught:
        read(OK + b"Content-Length: 9\r\n\r\nhi", b"hi", closed=False, end=0.0)
    assert caught.value.kind == "timeout"
