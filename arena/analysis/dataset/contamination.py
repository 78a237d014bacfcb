"""Held-out challenges in a training file: the forbidden material, and the findings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from arena.analysis.dataset.audit import Audit, Found, Unit, counted
from arena.families.crypto.challenges.schema import ChallengeSet
from arena.families.crypto.checks.atoms import atoms
from arena.families.crypto.prompts import GLOBAL_RULES, INTRODUCTION
from arena.formats.bounded import lines_of, open_file
from arena.records import Json
from arena.store.finished_run import FinishedRun

TRAIN = "train"
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


def audit_file(path: Path, challenges: ChallengeSet, runs: Sequence[FinishedRun]) -> Contamination:
    """Look for every challenge that is not in the split `train`. `runs`: their drawn values are looked for, too.

    Errors: DataError for a file that cannot be read.
    """
    held = {c["id"]: c for c in challenges.challenges if c.get("split") != TRAIN}
    values = {unit: sorted(set(_values(unit, runs))) for unit in held}
    units = [Unit(unit, list(_texts(challenge)), values[unit]) for unit, challenge in held.items()]
    train = [text for c in challenges.challenges if c.get("split") == TRAIN for text in _texts(c)]
    audit = Audit(units, [INTRODUCTION, *GLOBAL_RULES, *train], challenges.canary or "")
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


def _texts(challenge: Mapping[str, Json]) -> Iterator[str]:
    context = challenge["participant_context"]
    yield context["public_background"]
    yield challenge["self_play"]["symmetry_breaker"]
    for own in context["role_specific"].values():
        for lines in own.values():
            yield from (line for line in lines if isinstance(line, str))


def _values(unit: str, runs: Sequence[FinishedRun]) -> Iterator[str]:
    for run in runs:
        for record in run.records:
            if record.trial.unit == unit and record.transcript.instance:
                yield from (str(atom) for value in record.transcript.instance.values() for atom in atoms(value))
