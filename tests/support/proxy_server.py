"""A CONNECT proxy for tests: leads every tunnel to one place, whatever the request, and records the requests."""

from __future__ import annotations

import socket
import threading


class TunnelProxy:
    """A context manager; `asked`: the heads of the CONNECT requests; `status`: that of its answers."""

    def __init__(self, destination: int, status: str = "200 OK") -> None:
        self.asked: list[str] = []
        self._destination, self._status = destination, status
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = [self._listener]
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> TunnelProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for sock in self._open:
            sock.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:  # closed at the end of the test
                return
            self._open.append(near)
            threading.Thread(target=self._tunnel, args=(near,), daemon=True).start()

    def _tunnel(self, near: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += near.recv(4096)
        self.asked.append(head.decode())
        near.sendall(f"HTTP/1.1 {self._status}\r\n\r\n".encode())
        if not self._status.startswith("200"):
            near.close()
            return
        far = socket.create_connection(("127.0.0.1", self._destination))
        self._open.append(far)
        threading.Thread(target=_pipe, args=(near, far), daemon=True).start()
        _pipe(far, near)


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(16384):
            sink.sendall(data)
    except OSError:  # either side may go away at the end of a test
        return
