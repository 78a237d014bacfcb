"""The calculator as local processes: `process` (kept running, one JSON line per call) and `oneshot` (one per call).

A worker has a process to itself during its call, so an answer can only belong to the request just written. A process
that dies, stalls or does not answer a request with exactly one line is killed, and the call is repeated once on a new
process.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import select
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from arena.calculator.carrier import (
    CalculatorSettings,
    Catalogue,
    Outage,
    binary_path,
    call_twice,
    read_answer,
    request_bytes,
)
from arena.errors import ConfigError, ServiceFault
from arena.messages import ToolAnswer
from arena.records import Json

MAX_ANSWER_BYTES = 32 * 2**20
"""Far more than the calculator's own limit on an answer; beyond it the process is out of control."""

CLOSE_S = 2.0
"""Seconds between closing a process's input and killing it."""

_CHUNK = 65536
_KEPT_STDERR = 500


def _environment() -> dict[str, str]:
    """The variables that a calculator process gets: never a key."""
    return {"PATH": os.environ.get("PATH", os.defpath)}


class _Process:
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
                env=_environment(),
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


class LocalCalculator:
    """Shared by `process` and `oneshot`: the binary, seeds, retry, identity."""

    name = ""

    def __init__(self, settings: CalculatorSettings) -> None:
        self.settings = settings
        self.seeded = settings.seeded
        self.command = settings.command or (str(binary_path(settings.root, settings.environ)),)
        if not os.access(self.command[0], os.X_OK):
            raise ConfigError(
                f"there is no calculator at {self.command[0]}: build it (cargo build --release in calculator/), "
                "or use --calculator-provider none"
            )
        self._slots = threading.Semaphore(settings.max_processes)
        self._closed = False
        self._catalogue = Catalogue(lambda op: self.call(op, {}, ""))

    def call(self, op: str, args: Json, seed: str) -> ToolAnswer:
        """Carry out one call; see messages.Calculator. Waiting for a free process is not counted as its time."""
        with self._slots:
            if self._closed:
                raise ServiceFault("interrupted", "the calculator is closed")
            return call_twice(op, lambda: self.attempt(op, args, seed if self.seeded else None), self.is_closed)

    def attempt(self, op: str, args: Json, seed: str | None) -> dict[str, Json]:
        """Make one attempt. Raises Outage."""
        raise NotImplementedError

    def is_closed(self) -> bool:
        return self._closed

    def catalogue(self) -> list[dict[str, Json]]:
        return self._catalogue.rows()

    def identity(self) -> dict[str, Json]:
        """Provider, crate version, digest of the catalogue, number of ops, seeded, SHA-256 of the executable."""
        with Path(self.command[0]).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"provider": self.name, **self._catalogue.identity(), "seeded": self.seeded, "binary_sha256": digest}

    def close(self) -> None:
        self._closed = True


class ProcessCalculator(LocalCalculator):
    """A pool of persistent processes, started when needed, at most `max_processes`."""

    name = "process"

    def __init__(self, settings: CalculatorSettings) -> None:
        super().__init__(settings)
        self._argv = (*self.command, "--jsonl", *(("--seeded",) if self.seeded else ()))
        self._lock = threading.Lock()
        self._idle: list[_Process] = []
        self._busy: set[_Process] = set()

    def attempt(self, op: str, args: Json, seed: str | None) -> dict[str, Json]:
        process = self._take()
        healthy = False
        try:
            process.calls += 1
            call_id = str(process.calls)
            line = process.exchange(request_bytes(op, args, call_id, seed) + b"\n", self.settings.timeout_s)
            answer = read_answer(line, call_id)
            healthy = True
            return answer
        finally:
            self._give_back(process, healthy)

    def _take(self) -> _Process:
        while True:
            with self._lock:
                if self._closed:
                    raise Outage("calculator", "the calculator is closed")
                process = self._idle.pop() if self._idle else None
                if process is not None:
                    self._busy.add(process)
            if process is None:
                break
            if process.usable():
                return process
            self._give_back(process, healthy=False)
        process = _Process(self._argv)
        with self._lock:
            self._busy.add(process)
            closed = self._closed
        if closed:
            self._give_back(process, healthy=False)
            raise Outage("calculator", "the calculator is closed")
        return process

    def _give_back(self, process: _Process, healthy: bool) -> None:
        with self._lock:
            self._busy.discard(process)
            if healthy and not self._closed:
                self._idle.append(process)
                return
        process.end()

    def close(self) -> None:
        """End all processes. A call under way fails with ServiceFault `interrupted`; its thread reaps its process."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            for process in self._busy:
                process.child.kill()
        for process in idle:
            process.end(CLOSE_S)


class OneshotCalculator(LocalCalculator):
    """One process per call: slower by its start, and nothing is shared between calls."""

    name = "oneshot"

    def attempt(self, op: str, args: Json, seed: str | None) -> dict[str, Json]:
        argv = (*self.command, *(("--seeded",) if self.seeded else ()))
        request = request_bytes(op, args, "1", seed)
        try:
            done = subprocess.run(
                argv,
                input=request,
                capture_output=True,
                env=_environment(),
                timeout=self.settings.timeout_s,
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Outage("timeout", "the calculator did not answer in time") from None
        except OSError as error:
            raise Outage("calculator", f"the calculator cannot be started: {argv[0]}: {error.strerror}") from None
        if done.returncode != 0 or not done.stdout:
            said = done.stderr[-200:].decode("utf-8", "replace").strip()
            raise Outage("calculator", f"the calculator process ended with {done.returncode}" + (said and f": {said}"))
        return read_answer(done.stdout, "1")


CARRIERS: dict[str, type[LocalCalculator]] = {"process": ProcessCalculator, "oneshot": OneshotCalculator}


def build(name: str, settings: CalculatorSettings) -> LocalCalculator:
    """Return the carrier `process` or `oneshot`. Raises ConfigError if the calculator does not exist."""
    return CARRIERS[name](settings)
