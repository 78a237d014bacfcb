"""Plays the screens of tests/screens: what a command prints and returns, one file each.

    args = ["run", "--max-turn", "3"]       # the words after `arena`
    status = 2
    stdout = ''                             # whole; DIR: the test's folder, CLONE: the repository, SHA256: a digest
    stderr = '''...'''
    stdin = "..."                           # optional
    output = "gone"                         # optional: standard output is a pipe that nobody reads; "closed": none
    [environ]                               # optional: variables
    [files]                                 # optional: name -> content, in the folder of the test
    [runs]                                  # optional: folder -> flags of `arena run`, played without a calculator
    [[edits]]                               # optional: file, old, new: what was changed after the run

`python3 -m tests.support.screen_rig` plays all screens and writes what they show now into their files: read the
difference before you commit it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from arena.cli import entry, run_choice
from tests.support.arena_rig import NO_TOOLS, ROOT, environment

SCREENS = ROOT / "tests" / "screens"
KNOWN = ("args", "status", "stdin", "output", "stdout", "stderr", "environ", "files", "runs", "edits")
WIDTH = "80"
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


class Shown(NamedTuple):
    """The result of a command."""

    status: int
    stdout: str
    stderr: str


def read(path: Path) -> dict[str, Any]:
    screen = tomllib.loads(path.read_text(encoding="utf-8"))
    unknown = set(screen) - set(KNOWN)
    assert not unknown, f"{path.name}: unknown {unknown}"
    return screen


def play(screen: Mapping[str, Any], folder: Path, stored: Path) -> Shown:
    """Carry out a screen in an empty folder; `stored` keeps the runs that several screens share."""
    for name, content in screen.get("files", {}).items():
        (folder / name).write_text(content, encoding="utf-8")
    for name, flags in screen.get("runs", {}).items():
        _run(stored, flags, folder / name)
    for edit in screen.get("edits", []):
        file = folder / edit["file"]
        text = file.read_text(encoding="utf-8")
        assert edit["old"] in text, f"{edit['file']} does not hold {edit['old']!r}"
        file.write_text(text.replace(edit["old"], edit["new"], 1), encoding="utf-8")
    environ = {"COLUMNS": WIDTH, **screen.get("environ", {})}
    if "output" in screen:
        shown = _as_process(screen["args"], screen["output"], environ, folder)
    else:
        shown = _here(screen["args"], screen.get("stdin", ""), environ, folder)
    return Shown(shown.status, _plain(shown.stdout, folder), _plain(shown.stderr, folder))


def _run(stored: Path, flags: list[str], folder: Path) -> None:
    kept = stored / "_".join(flags).replace("/", "~")
    if not kept.exists():
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            code = entry.main(["run", *flags, *NO_TOOLS, "--quiet", "--out", str(kept)])
        assert code == 0, f"the run {flags} ended with {code}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(kept, folder)


def _here(args: list[str], stdin: str, environ: Mapping[str, str], folder: Path) -> Shown:
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, environ),
        mock.patch.object(sys, "stdin", io.StringIO(stdin)),
        mock.patch.object(run_choice, "RUNS_DIR", folder / "state" / "runs"),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = entry.main(args)
    return Shown(code, out.getvalue(), err.getvalue())


def _as_process(args: list[str], output: str, environ: Mapping[str, str], folder: Path) -> Shown:
    command = [sys.executable, "-m", "arena", *args]
    if output == "closed":
        command = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment(PYTHONPATH=str(ROOT), **environ), stdin=subprocess.DEVNULL,
            stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120, check=False,
        )  # fmt: skip
    finally:
        os.close(writer)
    return Shown(done.returncode, "", done.stderr)


def _plain(text: str, folder: Path) -> str:
    """Return text without what differs between machines, or with every change of a prompt: folders and digests."""
    return _DIGEST.sub("SHA256", text.replace(str(folder), "DIR").replace(str(ROOT), "CLONE"))


def written(screen: Mapping[str, Any], comment: str) -> str:
    """Return a screen as the text of its file."""
    lines = [comment] if comment else []
    for name in ("args", "status", "stdin", "output"):
        if name in screen:
            lines.append(f"{name} = {json.dumps(screen[name], ensure_ascii=False)}")
    lines += [f"{name} = {_text(screen[name])}" for name in ("stdout", "stderr")]
    for name in ("environ", "files", "runs"):
        if name in screen:
            rows = [f"{json.dumps(key)} = {_value(value)}" for key, value in screen[name].items()]
            lines += ["", f"[{name}]", *rows]
    for edit in screen.get("edits", []):
        lines += ["", "[[edits]]", *(f"{key} = {_value(value)}" for key, value in edit.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    if "'" not in text and "\n" not in text:
        return f"'{text}'"
    assert "'''" not in text
    return f"'''\n{text}'''"


def main() -> None:
    os.environ["ARENA_NO_DOTENV"] = "1"
    with tempfile.TemporaryDirectory() as stored:
        for path in sorted(SCREENS.glob("*.toml")):
            first = path.read_text(encoding="utf-8").split("\n", 1)[0]
            screen = read(path)
            with tempfile.TemporaryDirectory() as folder:
                shown = play(screen, Path(folder).resolve(), Path(stored))
            now = written({**screen, **shown._asdict()}, first if first.startswith("#") else "")
            path.write_text(now, encoding="utf-8")


if __name__ == "__main__":
    main()
