"""The lines of a run about trials that did not pass, and how to resume."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from arena.formats.tables import printable
from arena.settings.places import as_typed_here
from arena.settings.redaction import public_url

SHOWN = 10
"""Trials that are listed; the others are counted. All of them are in matches.jsonl."""

LONGEST_REASON = 300
"""Most characters of a reason that are shown."""


class NotPassed(NamedTuple):
    """A trial that did not pass: its key, status, stop reason, and the detail in its record."""

    key: str
    status: str
    stop: str
    detail: str


def not_passed_lines(trials: Iterable[NotPassed], shown: int = SHOWN) -> list[str]:
    """Return a line for each of the first `shown` trials, and how many more there are.

    `trials`: every trial that did not pass, in the order of the plan; read once, only `shown` are held.
    """
    rows: list[NotPassed] = []
    left = 0
    for trial in trials:
        if len(rows) < shown:
            rows.append(NotPassed(*trial))
        else:
            left += 1
    return [*_rows(rows), *([f"and {left} more"] if left else [])]


def _rows(rows: Sequence[NotPassed]) -> Iterator[str]:
    marks = max((len(row.status) for row in rows), default=0)
    keys = max((len(_line(row.key)) for row in rows), default=0)
    for row in rows:
        yield f"{row.status.upper():<{marks}}  {_line(row.key):<{keys}}  {_reason(row)}".rstrip()


def _reason(row: NotPassed) -> str:
    """Return the detail of a trial, or its stop reason in words if it has none."""
    text = _line(row.detail) or _line(row.stop).replace("_", " ")
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}..."


def _line(text: str) -> str:
    return printable(" ".join(text.split()))


def resume_command(words: Sequence[str], command: str, out: str) -> str:
    """Return the command that resumes a run: `words` as given, with --resume and --out.

    `command` follows `python3 -m` in a clone (`arena run`). Secret parts of addresses are omitted.
    """
    kept = [public_url(word) for word in words]
    if "--resume" not in kept:
        kept.append("--resume")
    if not any(word == "--out" or word.startswith("--out=") for word in kept):
        kept += ["--out", out]
    return f"{as_typed_here(f'python3 -m {command}')} {shlex.join(kept)}"
