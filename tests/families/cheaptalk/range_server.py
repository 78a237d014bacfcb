"""A local file server that knows Range and If-Range, and drops, refuses or forgets on demand."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


@dataclass
class RangeServer:
    """Serves `content` under every name but `missing`. Each entry of `plan` misbehaves once, in order.

    `drop:N` ends the connection after N bytes of the body, `503` answers so, `change` swaps the content first.
    `seen` holds the Range header of each request, empty if there was none.
    """

    content: bytes
    etag: str = '"one"'
    resumes: bool = True
    plan: deque[str] = field(default_factory=deque)
    seen: list[str] = field(default_factory=list)

    def __enter__(self) -> RangeServer:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/files"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.seen.append(request.headers.get("Range", ""))
        step = self.plan.popleft() if self.plan else ""
        if step == "change":
            self.content, self.etag = self.content[::-1], '"two"'
        if step.isdecimal() or request.path.endswith("paper_test.jsonl"):
            request.send_error(int(step or 404))
            return
        start = self._start(request.headers)
        if start >= len(self.content) and start:
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(self.content)}")
            request.end_headers()
            return
        body = self.content[start:]
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        if self.etag:
            request.send_header("ETag", self.etag)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[: int(step[5:])] if step.startswith("drop:") else body)

    def _start(self, headers: Message) -> int:
        given = headers.get("Range", "")
        if not self.resumes or not given or headers.get("If-Range") not in (None, self.etag):
            return 0
        return int(given.removeprefix("bytes=").removesuffix("-"))
