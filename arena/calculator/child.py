"""One running calculator process: lines to it, and the lines that answer them."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import time
from collections.abc import Sequence

from arena.calculator.carrier import Outage

MAX_ANSWER_BYTES = 32 * 2**20
"""Far more than the calculator's own limit on an answer; beyond it the process is out of control."""

_CHUNK = 65536
_KEPT_STDERR = 500


def environment() -> dict[str, str]:
    """Return the variables that a calculator process gets: never a key."""
    return {"PATH": os.environ.get("PATH", os.defpath)}


class Child:
    """One running calculator and its pipes. Used by one thread at a time."""

    __slots__ = ("child", "stdin", "stdout", "stderr", "errors", "answers", "feed", "calls")

    def __init__(self, command: Sequence[str]) -> None:
        try:
            # Its own session: Ctrl-C on the terminal must not kill a calculation that the run still waits for.
            self.child = subprocess.Popen(
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise Outage("calculator", f"the calculator cannot be started: {command[0]}: {error.strerror}") from None
        assert self.child.stdin and self.child.stdout and self.child.stderr
        self.stdin = self.child.stdin.fileno()
        self.stdout = self.child.stdout.fileno()
        self.stderr = self.child.stderr.fileno()
        # A blocking write would hang forever if the process stopped reading.
        os.set_blocking(self.stdin, False)
        self.errors = b""
        self.calls = 0
        self.answers = select.poll()
        self.answers.register(self.stdout, select.POLLIN)
        self.answers.register(self.stderr, select.POLLIN)
        self.feed = select.poll()
        for descriptor in (self.stdout, self.stderr):
            self.feed.register(descriptor, select.POLLIN)
        self.feed.register(self.stdin, select.POLLOUT)

    def usable(self) -> bool:
        """Return whether an idle process is sound: any output, or its end, means that it is not."""
        ready = self.answers.poll(0)
        return not ready or all(descriptor == self.stderr and self.drain() for descriptor, _ in ready)

    def drain(self) -> bool:
        """Read stderr, so that the process never blocks on it; return False at its end."""
        data = os.read(self.stderr, _CHUNK)
        self.errors = (self.errors + data)[-_KEPT_STDERR:]
        return bool(data)

    def exchange(self, request: bytes, timeout_s: float) -> bytes:
        """Write one line and return the one line that answers it. Raises Outage; the process is useless afterwards."""
        deadline = time.monotonic() + timeout_s
        try:
            sent = os.write(self.stdin, request)
        except BlockingIOError:
            sent = 0
        except BrokenPipeError:
            raise self.died() from None
        if sent < len(request):
            self.send_rest(memoryview(request)[sent:], deadline)
        data = self.receive(deadline)
        if data[-1] == 10 and data.find(b"\n") == len(data) - 1:
            return data
        pieces, size = [data], len(data)
        while b"\n" not in data:
            data = self.receive(deadline)
            pieces.append(data)
            size += len(data)
            if size > MAX_ANSWER_BYTES:
                raise Outage("calculator", f"the calculator's answer is longer than {MAX_ANSWER_BYTES} bytes")
        if data.find(b"\n") != len(data) - 1:
            raise Outage("calculator", "the calculator answered one request with more than one line")
        return b"".join(pieces)

    def exchange_all(self, requests: Sequence[bytes], timeout_s: float) -> list[bytes]:
        """Write lines without waiting for each answer, and return one line for each; `timeout_s`: for the next answer.
        Raises Outage; the process is useless afterwards."""
        rest, answers, begun = memoryview(b"".join(requests)), bytearray(), 0
        found: list[bytes] = []
        deadline = time.monotonic() + timeout_s
        while rest or len(found) < len(requests):
            left = deadline - time.monotonic()
            ready = (self.feed if rest else self.answers).poll(left * 1000.0) if left > 0 else []
            if not ready:
                raise Outage("timeout", "the calculator did not answer in time")
            descriptors = {descriptor for descriptor, _ in ready}
            if self.stderr in descriptors and not self.drain():
                raise self.died()
            if self.stdin in descriptors and rest:
                rest = rest[self.offer(rest) :]
            if self.stdout in descriptors:
                data = os.read(self.stdout, _CHUNK)
                if not data:
                    raise self.died()
                answers += data
                while (end := answers.find(b"\n", begun)) >= 0:
                    found.append(bytes(answers[: end + 1]))
                    del answers[: end + 1]
                    begun, deadline = 0, time.monotonic() + timeout_s
                begun = len(answers)
                if begun > MAX_ANSWER_BYTES:
                    raise Outage("calculator", f"the calculator's answer is longer than {MAX_ANSWER_BYTES} bytes")
        if answers or len(found) > len(requests):
            raise Outage("calculator", "the calculator answered one request with more than one line")
        return found

    def offer(self, data: memoryview) -> int:
        """Write as much as fits into the pipe now; return how much. Raises Outage."""
        try:
            return os.write(self.stdin, data[:_CHUNK])
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            raise self.died() from None

    def receive(self, deadline: float) -> bytes:
        """Return the next bytes of the answer, at least one."""
        while True:
            left = deadline - time.monotonic()
            ready = self.answers.poll(left * 1000.0) if left > 0 else []
            if not ready:
                raise Outage("timeout", "the calculator did not answer in time")
            readable = {descriptor for descriptor, _ in ready} if len(ready) > 1 else {ready[0][0]}
            if self.stderr in readable and not self.drain():
                self.answers.unregister(self.stderr)
            if self.stdout in readable:
                data = os.read(self.stdout, _CHUNK)
                if not data:
                    raise self.died()
                return data

    def send_rest(self, rest: memoryview, deadline: float) -> None:
        """Write the part of the request that did not fit into the pipe."""
        while rest:
            left = deadline - time.monotonic()
            ready = self.feed.poll(left * 1000.0) if left > 0 else []
            if not ready:
                raise Outage("timeout", "the calculator did not read its request in time")
            for descriptor, events in ready:
                if descriptor == self.stdout:
                    raise Outage("calculator", "the calculator answered before it had read its request")
                if descriptor == self.stderr and not self.drain():
                    self.feed.unregister(self.stderr)
                if descriptor == self.stdin and events & (select.POLLERR | select.POLLHUP):
                    raise self.died()
                if descriptor == self.stdin:
                    try:
                        rest = rest[os.write(self.stdin, rest[:_CHUNK]) :]
                    except BlockingIOError:
                        continue
                    except BrokenPipeError:
                        raise self.died() from None

    def died(self) -> Outage:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(0.2)
        with contextlib.suppress(OSError):
            os.set_blocking(self.stderr, False)
            self.drain()
        said = self.errors.decode("utf-8", "replace").strip()
        return Outage("calculator", "the calculator process ended" + (f": {said[-200:]}" if said else ""))

    def end(self, patience_s: float = 0.0) -> None:
        """End the process and reap it; with patience it may finish first."""
        assert self.child.stdin and self.child.stdout and self.child.stderr
        self.child.stdin.close()
        if patience_s > 0:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(patience_s)
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()
        self.child.stderr.close()
