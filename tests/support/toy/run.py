"""Runs the toy family, in this process or as one of its own: `python -m tests.support.toy.run [K] FLAGS...`.

With a number K first, the process kills itself at the K-th byte that it writes.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from pathlib import Path

from arena.cli.console import Console
from arena.cli.execute import execute
from arena.engine import build
from arena.errors import ArenaError
from arena.policy.gates import AllowAll, Gate
from arena.settings.config import build_parser, read_config
from tests.support.arena_rig import Ended, folder_of
from tests.support.killed_run import Killer, arm
from tests.support.toy.spec import SPEC

REGISTRY_ROWS = {"toy": "tests.support.toy.spec", "factcheck": "tests.support.factcheck.spec"}


def request(words: tuple[str, ...], console: Console, gate: Gate, family: str = "toy") -> build.RunRequest:
    spec = SPEC if family == "toy" else build.family_spec(family)
    parser = build_parser(f"arena {family}", spec.settings, "")
    config = read_config(words, os.environ, spec.settings, parser, mocks=spec.mocks)
    process = build.ProcessContext(config.environ, config.root, threading.Event(), console.notify, console.warn, words)
    return build.RunRequest(spec, config, process, gate=gate)


def toy(*words: str, gate: Gate | None = None, family: str = "toy") -> Ended:
    """Play the toy family in this process."""
    out, err = io.StringIO(), io.StringIO()
    console = Console(out=out, err=err)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = execute(request(words, console, gate or AllowAll(), family), console)
        except ArenaError as error:
            code = error.exit_code
            err.write(str(error))
    return Ended(code, out.getvalue(), err.getvalue(), folder_of(words))


def records(folder: Path) -> bytes:
    return (folder / "matches.jsonl").read_bytes()


if __name__ == "__main__":
    build.FAMILIES.update(REGISTRY_ROWS)  # type: ignore[attr-defined]
    flags = sys.argv[1:]
    if flags[0].isdecimal():
        arm(Killer(int(flags.pop(0))))
    ended = toy(*flags)
    sys.stderr.write(ended.err)
    sys.exit(ended.code)
