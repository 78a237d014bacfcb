"""A connection without TLS for which the system itself keeps the time limit.

Before each `send` and `recv`, a Python socket with a time limit waits in a system call of its own. With hundreds of
threads every further call is also a change of threads. Here the socket blocks, and the system ends `send` and `recv`
after the limit (SO_SNDTIMEO, SO_RCVTIMEO).
"""

from __future__ import annotations

import math
import socket
import struct
import sys
import time
from typing import Any

_LIMIT = struct.Struct("@ll")
"""`struct timeval`: seconds and microseconds."""

AVAILABLE = sys.platform == "linux" and _LIMIT.size == 16
"""Whether the structure is certainly that of this system."""


class TimedSocket(socket.socket):
    """A connected stream socket. `settimeout`, `sendall` and `recv` behave as those of its base class, and no others
    are to be used for sending and receiving."""

    __slots__ = ("_limit",)

    def __init__(self, connected: socket.socket, seconds: float) -> None:
        """Take over `connected`, which is unusable from then on; `seconds`: the time limit."""
        family, kind, protocol = connected.family, connected.type, connected.proto
        super().__init__(family, kind, protocol, connected.detach())
        super().settimeout(None)
        self.settimeout(seconds)

    def settimeout(self, value: float | None) -> None:
        """Limit each call to `value` seconds. Errors: ValueError for a limit that is not positive."""
        if value is None or value <= 0:
            raise ValueError(f"the time limit of a connection must be positive, not {value!r}")
        whole, rest = divmod(math.ceil(value * 1e6), 1_000_000)
        limit = _LIMIT.pack(whole, rest)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        self._limit = value

    def gettimeout(self) -> float:
        return self._limit

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """Errors: TimeoutError, OSError."""
        try:
            return super().recv(bufsize, flags)
        except BlockingIOError:
            raise TimeoutError("timed out") from None

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all bytes within the time limit. Errors: TimeoutError, OSError."""
        limit, began = self._limit, time.monotonic()
        sent, left = 0, memoryview(data)
        try:
            while left := left[sent:]:
                if sent:
                    self.settimeout(max(began + limit - time.monotonic(), 1e-6))
                sent = self.send(left, flags)
        except BlockingIOError:
            raise TimeoutError("timed out") from None
        finally:
            if self._limit != limit:
                self.settimeout(limit)
