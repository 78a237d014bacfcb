"""A strict local HTTP server for tests: checks each request against its API, records it, and misbehaves on demand.

In a test:

    with ModelServer() as server:
        server.script(Scripted(status=429, headers={"Retry-After": "1"}))   # the next request gets this
        ...                                                                  # then good replies, made from the request
        assert server.seen[0].payload["model"] == "m"

From another process, for runs that are killed and resumed:

    python -m tests.support.http_server --port 0 --log FILE --latency-ms N

prints the port on one line, answers every request by its content alone (a verdict for a judge, talk or a tool call for
a player) and appends one JSON line per request to FILE, flushed, before it answers.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.api_shapes import (
    Problem,
    Shape,
    authorised,
    content_digest,
    error_body,
    good_reply,
    problem_with,
    shape_of,
)

KEY = "test-key-0123456789"
"""The key that the server accepts."""


@dataclass(frozen=True)
class Seen:
    """One request as it came in. `connection` numbers the connections from 0; `digest`: api_shapes.content_digest."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    payload: Any
    digest: str
    connection: int


@dataclass(frozen=True)
class Scripted:
    """What to do with one request instead of a good reply.

    `body`: dict (sent as JSON), text or bytes; None: the good reply, after `edit` has changed it.
    `cut_at`: send only so many bytes of the body, then close.  `chunked`: send in chunks.
    `raw`: send these bytes as they are and close.  `hang`: hold the request until the server stops.
    `close_first`: close without a reply.  `reset`: as that, with a TCP reset.  `close_after`: close after the reply
    without having said so.  `stall_at`: send so many bytes of the body, then hang.
    `unchecked`: the request need not be one of a model API.
    """

    status: int = 200
    body: dict[str, Any] | str | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    edit: Callable[[dict[str, Any]], object] | None = None
    cut_at: int | None = None
    stall_at: int | None = None
    chunked: bool = False
    raw: bytes | None = None
    hang: bool = False
    close_first: bool = False
    reset: bool = False
    close_after: bool = False
    unchecked: bool = False


class ModelServer:
    """The server; a context manager. `seen`: all requests; `refused`: what was wrong with those it found wrong.

    `certificate`: a PEM file with key and certificate; the server then speaks TLS.
    """

    def __init__(
        self,
        key: str = KEY,
        port: int = 0,
        log: Path | None = None,
        latency_s: float = 0.0,
        certificate: Path | None = None,
    ) -> None:
        self.key = key
        self.seen: list[Seen] = []
        self.refused: list[str] = []
        self.released = threading.Event()
        self._latency_s = latency_s
        self._log = log.open("a", encoding="utf-8") if log is not None else None
        self._script: deque[Scripted] = deque()
        self._lock = threading.Lock()
        self._connections = 0
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.owner = self
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            # The handshake belongs to the connection's thread: a client that refuses it must not stop the listener.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> ModelServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if self._log is not None:
            self._log.close()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The base address, ending in /v1."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def connections(self) -> int:
        """How many connections were opened so far."""
        return self._connections

    def script(self, *behaviours: Scripted) -> None:
        """Queue what the next requests get, one behaviour each; after these come good replies."""
        with self._lock:
            self._script.extend(behaviours)

    def serve(self) -> None:
        """Serve in this thread until interrupted."""
        self._server.serve_forever()

    def new_connection(self) -> int:
        with self._lock:
            self._connections += 1
            return self._connections - 1

    def receive(self, seen: Seen) -> Scripted | None:
        """Record a request and return the scripted answer."""
        with self._lock:
            self.seen.append(seen)
            if self._log is not None:
                line = {"n": len(self.seen) - 1, "path": seen.path, "digest": seen.digest, "bytes": len(seen.body)}
                self._log.write(json.dumps(line) + "\n")
                self._log.flush()
            scripted = self._script.popleft() if self._script else None
        if self._latency_s:
            time.sleep(self._latency_s)
        return scripted


class KillingServer(ModelServer):
    """Kills a process when its k-th request has come in, before it is answered."""

    kill_at: int | None = None
    victim: subprocess.Popen[bytes] | None = None

    def receive(self, seen: Seen) -> Scripted | None:
        scripted = super().receive(seen)
        if self.kill_at is not None and len(self.seen) >= self.kill_at and self.victim is not None:
            os.kill(self.victim.pid, signal.SIGKILL)
        return scripted


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512
    owner: ModelServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed, or gave up, is part of the tests and no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one write per reply: a header and a body apart would wait for delayed acknowledgements
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.connection_number = self.server.owner.new_connection()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on stderr."""

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        owner = self.server.owner
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        path = self.path.split("?", 1)[0]
        shape = shape_of(path)
        try:
            payload = json.loads(body)
        except ValueError:
            payload = None
        headers = {name.lower(): value for name, value in self.headers.items()}
        problem = problem_with(shape, headers, payload) if shape is not None else None
        digest = content_digest(shape, payload) if shape is not None and problem is None else ""
        seen = Seen(self.command, self.path, headers, body, payload, digest, self.connection_number)
        scripted = owner.receive(seen)
        if scripted is None or not scripted.unchecked:
            refusal = self._refusal(shape, seen, problem)
            if refusal is not None:
                status, kind, why = refusal
                owner.refused.append(why.message)
                self._send(
                    Scripted(status=status), json.dumps(error_body(shape, kind, why.message, why.param)).encode()
                )
                return
        self._behave(scripted or Scripted(), shape, payload)

    def _refusal(self, shape: Shape | None, seen: Seen, problem: Problem | None) -> tuple[int, str, Problem] | None:
        if shape is None or seen.method != "POST":
            return 404, "not_found_error", Problem(f"no such place: {seen.method} {seen.path}")
        if not authorised(shape, seen.headers, self.server.owner.key):
            return 401, "authentication_error", Problem("wrong or missing key")
        return (400, "invalid_request_error", problem) if problem is not None else None

    def _behave(self, scripted: Scripted, shape: Shape | None, payload: Any) -> None:
        if scripted.hang:
            self.server.owner.released.wait()
            self.close_connection = True
        elif scripted.close_first or scripted.reset:
            if scripted.reset:  # lingering for 0 seconds makes close() send a reset
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            self.close_connection = True
        elif scripted.raw is not None:
            self.wfile.write(scripted.raw)
            self.close_connection = True
        else:
            self._send(scripted, self._body(scripted, shape, payload))

    def _body(self, scripted: Scripted, shape: Shape | None, payload: Any) -> bytes:
        if isinstance(scripted.body, bytes):
            return scripted.body
        if isinstance(scripted.body, str):
            return scripted.body.encode()
        reply: Any = scripted.body
        if reply is None:
            reply = good_reply(shape, payload) if shape is not None else {}
        if scripted.edit is not None:
            scripted.edit(reply)
        return json.dumps(reply).encode()

    def _send(self, scripted: Scripted, body: bytes) -> None:
        headers = {"Content-Type": "application/json", **scripted.headers}
        lines = [f"HTTP/1.1 {scripted.status} Status", *(f"{name}: {value}" for name, value in headers.items())]
        if scripted.chunked:
            lines.append("Transfer-Encoding: chunked")
            middle = len(body) // 2
            pieces = [piece for piece in (body[:middle], body[middle:]) if piece]
            sent = (
                b"".join(b"%x;note=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nTrailer: 1\r\n\r\n"
            )
        else:
            lines.append(f"Content-Length: {len(body)}")
            stop = scripted.cut_at if scripted.cut_at is not None else scripted.stall_at
            sent = body if stop is None else body[:stop]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + sent)
        self.wfile.flush()
        if scripted.stall_at is not None:
            self.server.owner.released.wait()
        if scripted.cut_at is not None or scripted.stall_at is not None or scripted.close_after:
            self.close_connection = True


def main(argv: list[str]) -> None:
    """Serve until the process is ended; see the top of the file."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.http_server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--key", default=KEY)
    options = parser.parse_args(argv)
    server = ModelServer(options.key, options.port, options.log, options.latency_ms / 1000.0)
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.serve()


if __name__ == "__main__":
    main(sys.argv[1:])
