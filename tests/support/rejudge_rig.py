"""Runs `arena rejudge` for tests."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

from arena.cli.entry import main
from tests.support.arena_rig import Ended, Table, challenge, folder_of, script_file, verdict
from tests.support.plain_records import records_of


def rejudge(run: Path, *words: str) -> Ended:
    """Carry out `arena rejudge RUN WORDS`; whatever comes of it, no traceback may."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(["rejudge", str(run), *words])
        except SystemExit as ended:  # --help
            code = int(ended.code or 0)
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return Ended(code, out.getvalue(), err.getvalue(), folder_of(words))


def judge_file(folder: Path, name: str, *replies: str, **trials: list[str]) -> str:
    """Write a script that only judges: the same `replies` for every match, others for the challenges in `trials`."""
    parts = {f"crypto/{id_}/rep_0": {"judge": said} for id_, said in trials.items()}
    return script_file(folder / f"{name}.json", judge=list(replies), trials=parts)


def plays(folder: Path) -> dict[str, Any]:
    """Return key -> play, for every record of a run."""
    names = ("seed", "cell", "plan", "instance", "transcript", "usage", "flags")
    return {record["key"]: {name: record[name] for name in names} for record in records_of(folder)}


TURNS = {
    "Ana": ["I water on Monday, " + "and this is long enough to be cut. " * 9],
    "Bo": ["Then I water on Friday. " + "Agreed? " * 20],
}


def three_matches(folder: Path) -> Path:
    """Play three scripted matches of two turns, all graded 3, and return the run directory."""
    table = Table(folder, [challenge("c1"), challenge("c2"), challenge("c3")])
    assert table.play("--max-turns", "2", turns=TURNS, judge=[verdict(3)]).code == 0
    return folder / "run"


def records(folder: Path) -> list[Any]:
    return records_of(folder)


def calls(folder: Path) -> list[Any]:
    return [json.loads(line) for line in (folder / "api_calls.jsonl").read_bytes().splitlines()]
