"""Verifies manifest.json, matches.jsonl and inputs/: identity, plan, and the hash chain."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arena.analysis.verify.problems import OTHER_BYTES, Problems
from arena.engine.finished import family_of_run
from arena.engine.manifest import plan
from arena.engine.shards import WHOLE, Shard, shard_of_run, shards_of_sessions
from arena.families.contract import Family
from arena.formats.bounded import read_file
from arena.formats.decode import decode, encode
from arena.formats.strict_json import MAX_BYTES
from arena.play.tool_protocol import PROTOCOL_VERSION
from arena.records import STOPS, Json, Record, Trial
from arena.store.chain import chained, first_link, unchained
from arena.store.files import reading
from arena.store.finished_run import FinishedRun
from arena.store.journal import Place, encode_line, parse_line, read_lines
from arena.store.manifest import SessionLog
from arena.store.reader import Stored
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
"""How the names of members of the identity end that say which rules were in force."""


@dataclass(slots=True)
class Found:
    """What a run holds. `family` is None if its inputs cannot be read; `trials`: those of the plan, by key;
    `records`: those that can be read, by key, in the order of the file: where each is, and why it stopped."""

    run: FinishedRun
    family: Family | None = None
    trials: dict[str, Trial] = field(default_factory=dict)
    records: dict[str, Stored] = field(default_factory=dict)
    here: set[str] = field(default_factory=set)
    """Keys of the trials that belong into this directory: those of its shard, or all."""

    def read(self, key: str) -> Record:
        """Return a record of `records`. Errors: DataError."""
        return self.run.records.at(self.records[key].place)


def check_records(run: FinishedRun, problems: Problems) -> Found:
    """Check what the run is and which records it has; `problems` gets what does not hold."""
    found = Found(run)
    _check_manifest(run, problems)
    with problems.guard(MANIFEST_FILE, "/identity"):
        found.family = family_of_run(run.path, run.identity)
    if found.family is not None:
        with problems.guard(INPUTS_DIR, ""):
            _check_inputs(run, found.family, problems)
        with problems.guard(MANIFEST_FILE, "/identity/plan"):
            found.trials = {trial.key: trial for trial in found.family.trials()}
            planned = plan(found.trials)
            if run.manifest.identity.plan != planned:
                problems.add(MANIFEST_FILE, "/identity/plan", f"the inputs give {planned.count} trials, other ones")
        with problems.guard(MANIFEST_FILE, ""):
            _find_shard(found, problems)
    with problems.guard(RECORDS_FILE, ""):
        _check_chain(found, problems)
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
        problems.add(f"{INPUTS_DIR}/tools.txt", "", "is not what the identity names (tools_sha256)")
    there = {"tool_protocol": run.manifest.identity.tool_protocol, "rules": run.identity["rules"]}
    here = {"tool_protocol": PROTOCOL_VERSION, "rules": _plain(dict(family.identity()))}
    lines = list(differences(there, here, "/identity"))
    for line in lines:
        problems.add(MANIFEST_FILE, "", f"the inputs and the rules of this arena give another value; {line}")
    _note_another_version(run, [line.partition(":")[0] for line in lines], problems)


def _note_another_version(run: FinishedRun, places: Sequence[str], problems: Problems) -> None:
    """Say first where rules of another version made the run: most of what follows may come from that alone."""
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
    """Fill `found.here`, and say which part of the plan a shard holds."""
    shard = shard_of_run(found.run.manifest, str(found.run.path))
    found.here = {trial.key for trial in shard.trials(found.trials.values())}
    if shard != WHOLE:
        problems.notes.append(
            f"this is shard {shard}: {len(found.here)} of {len(found.trials)} planned matches belong to it"
        )


def _plain(value: Json) -> Json:
    """Return a value as it comes back from JSON: tuples are lists there."""
    return parse_line(Path(MANIFEST_FILE), 1, encode_line(value))


def _check_chain(found: Found, problems: Problems) -> None:
    """Walk matches.jsonl: each line in its exact bytes, bound to the one before, each trial once, in plan order."""
    path = found.run.path / RECORDS_FILE
    if not path.exists():
        problems.add(RECORDS_FILE, "", "is missing")
        return
    previous = first_link(found.run.identity)
    order = {key: place for place, key in enumerate(found.trials)}
    last = -1
    for number, (offset, line) in enumerate(read_lines(path), 1):
        place = f"line {number}"
        if line != chained(unchained(line), previous):
            problems.add(
                RECORDS_FILE, place, "is not bound to the line before it (`prev`): this line or that one was changed"
            )
        if not line.endswith(b"\n"):
            problems.add(RECORDS_FILE, place, "is cut off")
            return
        previous = hashlib.sha256(line).hexdigest()
        with problems.guard(RECORDS_FILE, ""):
            record = found.run.records.parse(Place(number, offset), line)
            if encode_line(record.to_json()) != unchained(line):
                problems.add(RECORDS_FILE, place, OTHER_BYTES)
            if record.key in found.records:
                problems.add(RECORDS_FILE, place, f"{record.key} has a record already")
                continue
            found.records[record.key] = Stored(Place(number, offset), record.stop, record.attempt)
            if order and record.key not in order:
                problems.add(RECORDS_FILE, place, f"{record.key} is not in the plan")
            elif order and found.here and record.key not in found.here:
                problems.add(RECORDS_FILE, place, f"{record.key} belongs to another shard")
            elif order and order[record.key] < last:
                problems.add(RECORDS_FILE, place, f"{record.key} is out of plan order")
            last = order.get(record.key, last)


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
            elif found.trials and timing.key not in found.trials:
                problems.add(TIMINGS_FILE, f"line {number}", f"{timing.key} is not in the plan")


def _check_missing(found: Found, problems: Problems) -> None:
    """Check that what has no record was left out for a reason: the last session that had it to play was stopped, or a
    trial before it in its series has none that it could build on, or no session had it to play: its shard is not here.
    """
    manifest = found.run.manifest
    missing = [trial for key, trial in found.trials.items() if key in found.here and key not in found.records]
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
    for trial in missing:
        having = next((n for n in range(len(shards) - 1, -1, -1) if shards[n].holds(trial)), None)
        if having is None:
            reasons["their shards are not here"] += 1
        elif (why := manifest.sessions[having].stopped_by) is not None:
            reasons[why] += 1
        elif trial.series is None or trial.series not in broken:
            problems.add(RECORDS_FILE, trial.key, "the plan has this match, but it has no record")
    for why, count in reasons.items():
        told = f"{count} of {len(found.here)} planned matches were not played: {why}"
        problems.notes.append(f"{told}, as the manifest says")


def _broken_series(found: Found) -> set[str | None]:
    return {
        found.trials[key].series
        for key, stored in found.records.items()
        if key in found.trials and found.trials[key].series is not None and not STOPS[stored.stop].kept
    }
