"""Verifies manifest.json, matches.jsonl and inputs/: identity, plan, and the hash chain."""

from __future__ import annotations

import hashlib
import tempfile
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

from arena.analysis.verify.pieces import Piece, line_before, lines_of_piece, pieces_of
from arena.analysis.verify.planned import Planned, RecordRows, Row
from arena.analysis.verify.problems import OTHER_BYTES, Problems
from arena.analysis.verify.tasks import carried_out
from arena.engine.finished import family_of_run
from arena.engine.manifest import plan
from arena.engine.shards import WHOLE, Shard, shard_of_run, shards_of_sessions
from arena.families.contract import Family
from arena.formats.bounded import read_file
from arena.formats.decode import decode, encode
from arena.formats.strict_json import MAX_BYTES
from arena.play.tool_protocol import PROTOCOL_VERSION
from arena.records import STOPS, Json, Record
from arena.store.chain import chained, first_link, unchained
from arena.store.files import reading
from arena.store.finished_run import FinishedRun
from arena.store.journal import encode_line, parse_line, read_lines
from arena.store.manifest import SessionLog
from arena.store.rundir import (
    INPUTS_DIR,
    MANIFEST_FILE,
    RECORDS_FILE,
    TIMINGS_FILE,
    Timing,
    differences,
    file_digest,
    pretty_json,
)

_VERSIONS = ("version", "_format", "tool_protocol")
"""Endings of the names of identity members that give the version of rules."""


@dataclass(slots=True)
class Found:
    """The content of a run. `family` is None if its inputs cannot be read; `planned`: the trials of the plan;
    `records`: the readable ones.  Close it: `ledgers` is an open file."""

    run: FinishedRun
    family: Family | None = None
    planned: Planned = field(default_factory=Planned)
    records: RecordRows = field(default_factory=lambda: RecordRows(Planned()))
    here: array[int] = field(default_factory=lambda: array("b"))
    """Trial of the plan -> whether it belongs into this directory: those of its shard, or all."""
    ledgers: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    """Key, status and ledger of each record as a line, in the order of the rows."""

    def read(self, key: str) -> Record:
        """Return a record of `records`. Errors: DataError."""
        return self.run.records.at(self.records.place(self.records.row(key)))

    def line(self, key: str) -> bytes:
        """Return the line of a record of `records`, without its link of the chain. Errors: OSError."""
        with reading(self.run.path / RECORDS_FILE) as file:
            file.seek(self.records.place(self.records.row(key)).offset)
            return unchained(file.readline())

    def belongs(self, number: int) -> bool:
        """Whether a trial of the plan belongs into this directory."""
        return not self.here or bool(self.here[number])


def check_records(run: FinishedRun, problems: Problems, jobs: int) -> Found:
    """Check the identity and the records of a run, in `jobs` processes, and add to `problems`."""
    found = Found(run)
    _check_manifest(run, problems)
    with problems.guard(MANIFEST_FILE, "/identity"):
        found.family = family_of_run(run.path, run.identity)
    if found.family is not None:
        with problems.guard(INPUTS_DIR, ""):
            _check_inputs(run, found.family, problems)
        with problems.guard(MANIFEST_FILE, "/identity/plan"):
            found.planned = Planned(found.family.trials)
            planned = plan(found.planned)
            if run.manifest.identity.plan != planned:
                problems.add(MANIFEST_FILE, "/identity/plan", f"the inputs give {planned.count} trials, other ones")
        with problems.guard(MANIFEST_FILE, ""):
            _find_shard(found, problems)
    with problems.guard(RECORDS_FILE, ""):
        _check_chain(found, problems, jobs)
    with problems.guard(TIMINGS_FILE, ""):
        _check_timings(found, problems)
    with problems.guard(MANIFEST_FILE, "/sessions"):
        _check_missing(found, problems)
    return found


def _check_manifest(run: FinishedRun, problems: Problems) -> None:
    for issue in run.manifest.contradictions(MANIFEST_FILE):
        problems.add(issue.file, issue.pointer, issue.message)
    data = read_file(run.path / MANIFEST_FILE, MAX_BYTES)
    if data != pretty_json(run.manifest.to_json()):
        problems.add(MANIFEST_FILE, "", OTHER_BYTES)


def _check_inputs(run: FinishedRun, family: Family, problems: Problems) -> None:
    """Check that the inputs are those that the identity names, and that this arena's rules are the run's."""
    for name, data in family.inputs().items():
        with reading(run.path / INPUTS_DIR / name, run.path) as file:
            same = file.read(len(data) + 1) == data
        if not same:
            problems.add(f"{INPUTS_DIR}/{name}", "", OTHER_BYTES)
    tools = run.path / INPUTS_DIR / "tools.txt"
    if (file_digest(tools) if tools.exists() else None) != run.manifest.identity.tools_sha256:
        problems.add(f"{INPUTS_DIR}/tools.txt", "", "has another digest than the identity says (tools_sha256)")
    there = {"tool_protocol": run.manifest.identity.tool_protocol, "rules": run.identity["rules"]}
    here = {"tool_protocol": PROTOCOL_VERSION, "rules": _plain(dict(family.identity()))}
    lines = list(differences(there, here, "/identity"))
    for line in lines:
        problems.add(MANIFEST_FILE, "", f"the inputs and the rules of this arena give another value; {line}")
    _note_another_version(run, [line.partition(":")[0] for line in lines], problems)


def _note_another_version(run: FinishedRun, places: Sequence[str], problems: Problems) -> None:
    """Report first if rules of another version made the run: it may explain most other problems."""
    names = [place.removeprefix("/identity/") for place in places if place.endswith(_VERSIONS)]
    if not names or any(run.manifest.contradictions(MANIFEST_FILE)):
        return
    commit = run.manifest.git.commit
    problems.notes.insert(
        0,
        f"another version of the arena made this run ({run.manifest.arena_version}"
        f"{f', commit {commit}' if commit else ''}): {', '.join(names)} differ, so records and tables may differ as"
        " well; verify it with that version",
    )


def _find_shard(found: Found, problems: Problems) -> None:
    """Fill `found.here`, and record which part of the plan is in a shard."""
    shard = shard_of_run(found.run.manifest, str(found.run.path))
    found.here = array("b", (shard.holds(trial) for trial in found.planned.trials()))
    if shard != WHOLE:
        problems.notes.append(
            f"this is shard {shard}: {sum(found.here)} of {len(found.planned)} planned matches belong to it"
        )


def _plain(value: Json) -> Json:
    """Return a value as JSON returns it: tuples become lists."""
    return parse_line(Path(MANIFEST_FILE), 1, encode_line(value))


def _check_chain(found: Found, problems: Problems, jobs: int) -> None:
    """Walk matches.jsonl: each line in its exact bytes, bound to the one before, each trial once, in plan order."""
    found.records = RecordRows(found.planned)
    path = found.run.path / RECORDS_FILE
    if not path.exists():
        problems.add(RECORDS_FILE, "", "is missing")
        return
    pieces = [partial(_read_piece, found, piece) for piece in pieces_of(path)]
    last = -1
    for part in carried_out(pieces, jobs, problems):
        for row, ledger in part:
            last = _enter(row, ledger, last, found, problems)


def _enter(row: Row, ledger: bytes, last: int, found: Found, problems: Problems) -> int:
    """Enter a record unless its trial has one; return the highest place in the plan so far (`last`)."""
    place = f"line {row.place.number}"
    if row.key in found.records:
        problems.add(RECORDS_FILE, place, f"{row.key} has a record already")
        return last
    found.records.add(row)
    found.ledgers.write(ledger)
    number = found.planned.number(row.key)
    if number is None:
        if found.planned:
            problems.add(RECORDS_FILE, place, f"{row.key} is not in the plan")
        return last
    if not found.belongs(number):
        problems.add(RECORDS_FILE, place, f"{row.key} belongs to another shard")
    elif number < last:
        problems.add(RECORDS_FILE, place, f"{row.key} is out of plan order")
    return number


class _Read(NamedTuple):
    row: Row
    ledger: bytes


def _read_piece(found: Found, piece: Piece, problems: Problems) -> list[_Read]:
    """Return the records of a piece; each line must be in its exact bytes, and bound to the one before."""
    path = found.run.path / RECORDS_FILE
    before = hashlib.sha256(line_before(path, piece.start)).hexdigest() if piece.start else None
    previous = before or first_link(found.run.identity)
    rows: list[_Read] = []
    kept = getattr(found.family, "ledger", None)
    for at, line in lines_of_piece(path, piece):
        place = f"line {at.number}"
        if line != chained(unchained(line), previous):
            problems.add(
                RECORDS_FILE, place, "is not bound to the line before it (`prev`): this line or that one was changed"
            )
        if not line.endswith(b"\n"):
            problems.add(RECORDS_FILE, place, "is cut off")
            break
        previous = hashlib.sha256(line).hexdigest()
        with problems.guard(RECORDS_FILE, ""):
            record = found.run.records.parse(at, line)
            if encode_line(record.to_json()) != unchained(line):
                problems.add(RECORDS_FILE, place, OTHER_BYTES)
            ledger: dict[str, Json] = {}
            with problems.guard(RECORDS_FILE, record.key):
                ledger = kept(record) if kept else {}
            row = Row(record.key, at, record.stop, record.attempt)
            rows.append(_Read(row, encode_line([record.key, record.status, ledger])))
    return rows


def _check_timings(found: Found, problems: Problems) -> None:
    """Check that timings.jsonl is well formed byte for byte, and about trials of the plan; the times are anyone's."""
    path = found.run.path / TIMINGS_FILE
    if not path.exists():
        return
    for number, (_, line) in enumerate(read_lines(path), 1):
        with problems.guard(TIMINGS_FILE, ""):
            timing = decode(Timing, parse_line(path, number, line), str(path), f"line {number}")
            if encode_line(encode(timing)) != line:
                problems.add(TIMINGS_FILE, f"line {number}", OTHER_BYTES)
            elif found.planned and timing.key not in found.planned:
                problems.add(TIMINGS_FILE, f"line {number}", f"{timing.key} is not in the plan")


def _check_missing(found: Found, problems: Problems) -> None:
    """Check that each trial without a record was left out for a reason: the last session that had it to play was
    stopped, or a trial before it in its series has none that it could build on, or no session had it to play: its shard
    is not here.
    """
    manifest = found.run.manifest
    shards = shards_of_sessions(manifest, str(found.run.path))
    last: dict[Shard, SessionLog] = {}
    for shard, session in zip(shards, manifest.sessions, strict=True):
        if shard == WHOLE:  # it continued with the rest of the earlier ones
            last.clear()
        last[shard] = session
    if any(not session.ended for session in last.values()):
        problems.add(MANIFEST_FILE, "/sessions", "the last session did not finish; resume it with --resume")
        return
    reasons: Counter[str] = Counter()
    broken = _broken_series(found)
    for number, trial in enumerate(found.planned.trials()):
        if not found.belongs(number) or trial.key in found.records:
            continue
        having = next((n for n in range(len(shards) - 1, -1, -1) if shards[n].holds(trial)), None)
        if having is None:
            reasons["their shards are not here"] += 1
        elif (why := manifest.sessions[having].stopped_by) is not None:
            reasons[why] += 1
        elif trial.series is None or trial.series not in broken:
            problems.add(RECORDS_FILE, trial.key, "the plan has this match, but it has no record")
    for why, count in reasons.items():
        told = f"{count} of {sum(found.here)} planned matches were not played: {why}"
        problems.notes.append(f"{told}, as the manifest says")


def _broken_series(found: Found) -> set[str | None]:
    return {
        trial.series
        for trial, row in found.records.of_plan()
        if trial.series is not None and not STOPS[found.records.stop(row)].kept
    }
