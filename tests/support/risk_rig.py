"""Runs `arena risk` for tests: in this process with its output captured, in a results folder of its own."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from arena.cli.entry import main
from arena.settings.table import VARIABLES

CLEARED = frozenset(row.name for row in VARIABLES if row.group.startswith("Risk lab")) | {"STRICT"}
FEW = ("--trials", "2", "--attacks", "direct,escalation")
PLENTY = ("--max-total-tokens", "9999999", "--max-prompt-tokens", "9999999", "--max-completion-tokens", "9999999")


@dataclass(frozen=True)
class Done:
    """How a call ended: exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    def line(self, start: str) -> str:
        """Return the one line of the output that starts so."""
        (found,) = (line for line in self.out.splitlines() if line.startswith(start))
        return found


@contextlib.contextmanager
def environment(environ: Mapping[str, str]) -> Iterator[None]:
    """Give the process these variables of the risk lab and no others."""
    kept = {name: value for name, value in os.environ.items() if name not in CLEARED}
    with patch.dict(os.environ, {**kept, **environ}, clear=True):
        yield


def arena(*words: str, environ: Mapping[str, str] | None = None) -> Done:
    """Carry out `arena WORDS`."""
    out, err = io.StringIO(), io.StringIO()
    with environment(environ or {}), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(words))
    assert "internal error" not in err.getvalue(), err.getvalue()
    return Done(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Lab:
    """A results folder."""

    root: Path

    def __call__(self, leaf: str, *words: str, environ: Mapping[str, str] | None = None) -> Done:
        """Carry out `arena risk LEAF` in this results folder."""
        return arena("risk", leaf, *words, "--results-dir", str(self.root), environ=environ)

    def play(self, run_id: str, *words: str, environ: Mapping[str, str] | None = None) -> Done:
        return self("run", *words, "--run-id", run_id, environ=environ)

    def file(self, name: str) -> Path:
        return self.root / name

    def json(self, name: str) -> Any:
        return json.loads(self.file(name).read_bytes())

    def rows(self, run_id: str, exp: str = "tau_risky_real") -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file(f"{run_id}/{exp}/rows.jsonl").read_bytes().splitlines()]

    def table(self, run_id: str) -> list[dict[str, str]]:
        with self.file(f"{run_id}/summary.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def all_bytes(self, run_id: str) -> dict[str, bytes]:
        folder = self.file(run_id)
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
