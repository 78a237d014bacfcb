"""Plays risk runs for tests: through `execute` as a command does, or in a session with its own gate."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import arena.cli.execute
from arena.cli.execute import execute
from arena.engine.build import ProcessContext, RunRequest
from arena.engine.session import Session
from arena.families.risk.spec import SPEC
from arena.play.context import RunContext
from arena.policy.gates_file import read_policy
from arena.policy.policy_gate import PolicyGate
from arena.settings.config import build_parser, read_config
from arena.store.journal import AppendFile, encode_line
from tests.support.arena_rig import Ended

PLENTY = ("--max-total-tokens", "9999999", "--max-prompt-tokens", "9999999", "--max-completion-tokens", "9999999")


class Told:
    """A console that keeps what it is told."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.err: list[str] = []
        self.notify = self.warn = self.log = self.err.append
        self.result = self.out.append
        self.live = False

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **more: None


def request(words: tuple[str, ...], console: Told, environ: Mapping[str, str] | None = None) -> RunRequest:
    parser = build_parser("arena risk run", SPEC.settings, "")
    config = read_config(words, {**os.environ, **(environ or {})}, SPEC.settings, parser, mocks=SPEC.mocks)
    process = ProcessContext(config.environ, config.root, threading.Event(), console.notify, console.warn, words)
    return RunRequest(SPEC, config, process)


def play(folder: Path, *words: str, environ: Mapping[str, str] | None = None) -> Ended:
    """Play without gates, as a command does. Errors of usage are raised."""
    console = Told()
    flags = (*PLENTY, *words, "--out", str(folder))
    if "--defences" not in words:
        flags += ("--defences", "none")
    code = execute(request(flags, console, environ), console)  # type: ignore[arg-type]
    return Ended(code, "\n".join(console.out), "\n".join(console.err), folder)


@dataclass
class Gated:
    """A run with a gate."""

    gate: PolicyGate
    ended: Ended

    @property
    def summary(self) -> Any:
        return self.ended.json("summary.json")

    @property
    def risk(self) -> Any:
        return self.summary["risk"]


def play_gated(folder: Path, policy: str | Path, *words: str, stop_after: int | None = None) -> Gated:
    """Play with a policy; `stop_after`: stop the run once so many calls of the journal are written."""
    console = Told()
    text = policy.read_text(encoding="utf-8") if isinstance(policy, Path) else policy
    gate = PolicyGate(read_policy(text, "gates.yaml", {}))
    asked = replace(request((*PLENTY, *words, "--out", str(folder)), console), gate=gate)
    session = Session if stop_after is None else stopping_session(asked.process.stop, stop_after)
    with patch.object(arena.cli.execute, "Session", session):
        code = execute(asked, console)  # type: ignore[arg-type]
    return Gated(gate, Ended(code, "\n".join(console.out), "\n".join(console.err), folder))


def stopping_session(stop: threading.Event, calls: int) -> type[Session]:
    """Return a session that is stopped as a user's Ctrl-C does it, in the middle of a trial."""

    class Stopping(Session):
        def _context(self, journal: AppendFile) -> RunContext:
            append, seen = journal.append, [0]

            def counted(line: bytes) -> None:
                append(line)
                seen[0] += 1
                if seen[0] >= calls:
                    stop.set()

            journal.append = counted  # type: ignore[method-assign]
            return super()._context(journal)

    return Stopping


def comparable(ended: Ended) -> list[bytes]:
    """Return the records of a run without their hash chain."""
    return [encode_line({key: value for key, value in one.items() if key != "prev"}) for one in ended.records()]
