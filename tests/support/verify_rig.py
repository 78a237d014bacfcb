"""Runs `arena verify` for tests, and tampers with run directories as somebody would who knows their formats."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from arena.cli.entry import main
from arena.formats.json_text import json_text
from arena.store import digests
from arena.store.chain import chained, first_link, unchained
from arena.store.journal import encode_line
from arena.store.rundir import pretty_json
from tests.support.arena_rig import Ended


def verify(folder: Path, *words: str) -> Ended:
    """Carry out `arena verify FOLDER WORDS`; whatever the folder contains, no traceback may result."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["verify", str(folder), *words])
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return Ended(code, out.getvalue(), err.getvalue(), folder)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@contextlib.contextmanager
def changed(path: Path, data: bytes) -> Iterator[None]:
    """Replace the bytes of a file for a while."""
    before = path.read_bytes()
    path.write_bytes(data)
    try:
        yield
    finally:
        path.write_bytes(before)


def edit_lines(path: Path, edit: Callable[[Any], None]) -> None:
    """Change each object of a JSONL file by `edit`, and write them as the arena does."""
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    for line in lines:
        edit(line)
    path.write_bytes(b"".join(encode_line(line) for line in lines))


def inside(name: str, edit: Callable[[Any], None]) -> Callable[[Any], None]:
    """Return what has `edit` change the value that a member of an object holds as JSON in a text."""

    def whole(line: Any) -> None:
        value = json.loads(line[name])
        edit(value)
        line[name] = json_text(value)

    return whole


def edit_json(path: Path, edit: Callable[[Any], None]) -> None:
    """Change a JSON file that the arena writes indented, by `edit`."""
    value = json.loads(path.read_bytes())
    edit(value)
    path.write_bytes(pretty_json(value))


def rebind(folder: Path) -> None:
    """Make the hash chain fit again."""
    previous = first_link(json.loads((folder / "manifest.json").read_bytes())["identity"])
    lines = []
    for line in (folder / "matches.jsonl").read_bytes().splitlines(keepends=True):
        lines.append(chained(unchained(line), previous))
        previous = hashlib.sha256(lines[-1]).hexdigest()
    (folder / "matches.jsonl").write_bytes(b"".join(lines))


def launder(folder: Path) -> None:
    """Make chain and digests fit again, as whoever tampers with a run can."""
    rebind(folder)
    digests.write(folder)


def told(ended: Ended) -> list[str]:
    """Return the reported problems."""
    return [line.removeprefix("PROBLEM  ") for line in ended.out.splitlines() if line.startswith("PROBLEM  ")]


def holds(folder: Path) -> str:
    ended = verify(folder)
    assert ended.code == 0, ended.text
    return ended.out


def tamper_answer(copy: Path) -> None:
    def edit(line: Any) -> None:
        if line["kind"] == "tool" and line["op"] == "commit_hash":
            line["answer"]["result"]["nonce"] = "0" * 64

    edit_lines(copy / "api_calls.jsonl", edit)


def first_record(copy: Path, edit: Callable[[Any], None]) -> None:
    seen: list[str] = []

    def once(record: Any) -> None:
        if not seen:
            edit(record)
        seen.append(record["key"])

    edit_lines(copy / "matches.jsonl", once)
