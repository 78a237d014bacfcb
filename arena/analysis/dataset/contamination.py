"""Held-out units in a training file: the findings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from arena.analysis.dataset.audit import Audit, Found, counted
from arena.families.training import HeldOut
from arena.formats.bounded import lines_of, open_file
from arena.records import Json

MAX_LISTED = 20


@dataclass(frozen=True, slots=True)
class Contamination:
    """The findings of one file. `lines`: all of it; `canary`: lines with the canary of the benchmark."""

    file: str
    lines: int
    found: tuple[Found, ...]
    canary: int

    def to_json(self) -> dict[str, Json]:
        return {
            "file": self.file,
            "lines": self.lines,
            "canary_lines": self.canary,
            "units": dict(counted(self.found)),
            "found": [[one.line, one.unit, one.how, one.shown] for one in self.found],
        }

    def text(self) -> str:
        if not self.found:
            return f"{self.file}: no held-out challenge occurs in its {self.lines} lines"
        rows = [f"  line {one.line}: {one.unit} ({one.how}): {one.shown}" for one in self.found[:MAX_LISTED]]
        more = len(self.found) - len(rows)
        units = counted(self.found)
        head = f"{self.file}: {len(units)} held-out challenges occur in its {self.lines} lines"
        return "\n".join([head, *rows, *([f"  and {more} more"] if more else [])])


def audit_file(path: Path, held: HeldOut) -> Contamination:
    """Look for every held-out unit, and for the canary. Errors: DataError for a file that cannot be read."""
    audit = Audit(held)
    found: list[Found] = []
    count = canary = 0
    with open_file(path) as file:
        for number, (_, line) in enumerate(lines_of(file, str(path)), 1):
            text = _plain(line)
            count += 1
            canary += audit.holds_canary(text)
            found += audit.row(number, text)
    return Contamination(str(path), count, tuple(found), canary)


def _plain(line: bytes) -> str:
    """Return a line with its JSON escapes decoded, if it is JSON: the search is for text as people read it."""
    text = line.decode("utf-8", "replace")
    try:
        return "\n".join(_strings(json.loads(text)))
    except (ValueError, RecursionError):
        return text


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
