"""A server for measurements that takes as little processor time as it can: one reply for every request, after a fixed
latency, in one thread.

    python -m tests.support.light_server --latency-ms 50

prints its port on one line and serves until it is ended. The reply is one of Chat Completions; requests need a
Content-Length.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import selectors
import socket
import sys
import time
from collections import deque

REPLY = json.dumps(
    {
        "id": "chatcmpl-0", "object": "chat.completion", "created": 0, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "x" * 300}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 200, "completion_tokens": 75, "total_tokens": 275},
    }
).encode()  # fmt: skip
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(REPLY), REPLY)

_LENGTH = b"content-length:"
_PIECE = 1 << 18


def taken(buffer: bytes) -> int:
    """Return how many bytes the first request of `buffer` takes, 0 if it is not complete."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return 0
    head = buffer[:end].lower()
    place = head.find(_LENGTH)
    size = int(head[place + len(_LENGTH) :].split(b"\r\n", 1)[0]) if place >= 0 else 0
    whole = end + 4 + size
    return whole if len(buffer) >= whole else 0


class LightServer:
    """Listens on 127.0.0.1 from its creation on."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._due: deque[tuple[float, socket.socket]] = deque()
        """When to answer on which connection; all wait equally long, so they are in order."""

    def serve(self) -> None:
        """Serve forever."""
        while True:
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                self._answer(self._due.popleft()[1])
            wait = self._due[0][0] - now if self._due else None
            for key, _ in self._selector.select(wait):
                if key.data is None:
                    self._accept()
                else:
                    self._read(key.fileobj, key.data)  # type: ignore[arg-type]  # only sockets are registered

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(connection, selectors.EVENT_READ, bytearray())

    def _read(self, connection: socket.socket, unread: bytearray) -> None:
        """Read what is there; `unread`: the beginning of a request that is not complete."""
        try:
            data = connection.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(connection)
            connection.close()
            return
        if unread:
            data = bytes(unread) + data
            unread.clear()
        while size := taken(data):
            data = data[size:]
            self._due.append((time.monotonic() + self._latency_s, connection))
        unread += data

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the client has gone
            connection.sendall(ANSWER)  # so short that the system takes it at once


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.support.light_server")
    parser.add_argument("--latency-ms", type=float, default=50.0)
    server = LightServer(parser.parse_args().latency_ms / 1000.0)
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.serve()
