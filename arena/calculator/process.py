"""The calculator as local processes: `process` (kept running, one JSON line per call) and `oneshot` (one per call).

A worker has a process to itself during its call, so an answer can only belong to the request just written. A process
that dies, stalls or does not answer a request with exactly one line is killed, and the call is repeated once on a new
process.
"""

from __future__ import annotations

import hashlib
import os
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
    refuse_outage,
    request_bytes,
)
from arena.calculator.child import Child, environment
from arena.errors import ConfigError, ServiceFault
from arena.messages import ToolAnswer, ToolCall
from arena.records import Json

CLOSE_S = 2.0
"""Seconds between closing a process's input and killing it."""


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
        self._idle: list[Child] = []
        self._busy: set[Child] = set()

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

    def call_all(self, calls: Sequence[ToolCall]) -> list[ToolAnswer]:
        """Carry out calls in their order without waiting for each answer.

        After a failure of any kind each call is made by itself. Errors: as of `call`, for the first one without answer.
        """
        with self._slots:
            answers = self._attempt_all(calls)
        return [self.call(*one) for one in calls] if answers is None else answers

    def _attempt_all(self, calls: Sequence[ToolCall]) -> list[ToolAnswer] | None:
        try:
            process = self._take()
        except Outage:
            return None
        healthy, started = False, time.perf_counter()
        try:
            first = process.calls + 1
            process.calls += len(calls)
            lines = [
                request_bytes(op, args, str(number), seed if self.seeded else None) + b"\n"
                for number, (op, args, seed) in enumerate(calls, first)
            ]
            answers = [
                read_answer(line, str(number), alone=False)
                for number, line in enumerate(process.exchange_all(lines, self.settings.timeout_s), first)
            ]
            healthy = True
            for answer in answers:
                refuse_outage(answer)
            took = (time.perf_counter() - started) * 1000.0 / max(1, len(calls))
            return [ToolAnswer(answer, took) for answer in answers]
        except Outage:
            return None
        finally:
            self._give_back(process, healthy)

    def _take(self) -> Child:
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
        process = Child(self._argv)
        with self._lock:
            self._busy.add(process)
            closed = self._closed
        if closed:
            self._give_back(process, healthy=False)
            raise Outage("calculator", "the calculator is closed")
        return process

    def _give_back(self, process: Child, healthy: bool) -> None:
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
                env=environment(),
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
