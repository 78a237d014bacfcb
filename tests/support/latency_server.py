"""A server for measurements: many connections, one core, a fixed latency, the replies of http_server.py.

    python -m tests.support.latency_server --port 0 --latency-ms 50

prints the port on one line and serves until it is ended.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

from tests.support.api_shapes import good_reply, shape_of


class Connection(asyncio.Protocol):
    """One kept-alive connection; requests are answered in order, each after the latency."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self._loop = asyncio.get_running_loop()
        self._buffer = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            place = head.lower().find(b"content-length:")
            size = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
            if len(self._buffer) < end + 4 + size:
                return
            body, self._buffer = self._buffer[end + 4 : end + 4 + size], self._buffer[end + 4 + size :]
            self._loop.call_later(self._latency_s, self._answer, head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        status, reply = self._reply(head, body)
        if not self._transport.is_closing():
            top = f"HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\nContent-Length: {len(reply)}\r\n\r\n"
            self._transport.write(top.encode() + reply)

    def _reply(self, head: bytes, body: bytes) -> tuple[int, bytes]:
        shape = shape_of(head.split(b" ", 2)[1].decode("latin-1"))
        if shape is None:
            return 404, b'{"error": {"message": "no such place"}}'
        return 200, json.dumps(good_reply(shape, json.loads(body))).encode()


async def serve(port: int, latency_s: float) -> None:
    """Listen on 127.0.0.1, print the port, serve forever."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(latency_s), "127.0.0.1", port, backlog=2048)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.support.latency_server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=50.0)
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.latency_ms / 1000.0))
