"""Verifies manifest.json, matches.jsonl and inputs/: identity, plan, and the hash chain."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from arena.analysis.verify.problems import Problems
from arena.engine.build import family_of_run
from arena.engine.manifest import MANIFEST_FORMAT, plan
from arena.errors import DataError
from arena.families.contract import Family
from arena.formats.bounded import read_file
from arena.formats.strict_json import MAX_BYTES
from arena.records import RECORD_FORMAT, Json, Trial
from arena.store.files import reading
from arena.store.finished_run import FinishedRun
from arena.store.journal import encode_line, parse_line, read_lines
from arena.store.rundir import (
    INPUTS_DIR,
    MANIFEST_FILE,
    RECORDS_FILE,
    TIMINGS_FILE,
    chained,
    differences,
    file_digest,
    pretty_json,
    unchained,
)


@dataclass(slots=True)
class Found:
    """What a run holds. `family` is None where its inputs cannot be read; `trials`: those of the plan, by key;
    `records`: key -> offset of its line in matches.jsonl, in the order of the file."""

    run: FinishedRun
    family: Family | None = None
    trials: dict[str, Trial] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)

    def record(self, key: str) -> dict[str, Json]:
        """Return a record. Errors: DataError."""
        path = self.run.path / RECORDS_FILE
        with reading(path) as file:
            file.seek(self.records[key])
            return parse_line(path, 0, file.readline())


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
            if run.identity["plan"] != planned:
                problems.add(MANIFEST_FILE, "/identity/plan", f"the inputs give {planned['count']} trials, other ones")
    with problems.guard(RECORDS_FILE, ""):
        _check_chain(found, problems)
    with problems.guard(TIMINGS_FILE, ""):
        _check_timings(found, problems)
    with problems.guard(MANIFEST_FILE, "/sessions"):
        _check_missing(found, problems)
    return found


def _check_manifest(run: FinishedRun, problems: Problems) -> None:
    data = read_file(run.path / MANIFEST_FILE, MAX_BYTES)
    if data != pretty_json(run.manifest):
        problems.add(MANIFEST_FILE, "", "is not written as the arena writes it")
    identity = {name: value for name, value in run.identity.items() if name != "sha256"}
    if hashlib.sha256(encode_line(identity)).hexdigest() != run.identity.get("sha256"):
        problems.add(MANIFEST_FILE, "/identity/sha256", "is not the digest of the identity above it")
    for name, wanted in (("manifest_format", MANIFEST_FORMAT), ("record_format", RECORD_FORMAT)):
        if run.manifest.get(name) != wanted:
            problems.add(MANIFEST_FILE, f"/{name}", f"is {run.manifest.get(name)!r}; this arena verifies {wanted}")
    if run.manifest.get("family") != run.identity.get("family"):
        problems.add(MANIFEST_FILE, "/family", "is not the family of the identity")


def _check_inputs(run: FinishedRun, family: Family, problems: Problems) -> None:
    """Check that the inputs are those that the identity names, and that this arena's rules are the run's."""
    for name, data in family.inputs().items():
        with reading(run.path / INPUTS_DIR / name, run.path) as file:
            same = file.read(len(data) + 1) == data
        if not same:
            problems.add(f"{INPUTS_DIR}/{name}", "", "is not written as the arena writes it")
    tools = run.path / INPUTS_DIR / "tools.txt"
    if (file_digest(tools) if tools.exists() else None) != run.identity["tools_sha256"]:
        problems.add(f"{INPUTS_DIR}/tools.txt", "", "is not what the identity names (tools_sha256)")
    for line in differences(run.identity["rules"], _plain(family.describe()), "/identity/rules"):
        made = run.manifest.get("arena_version")
        problems.add(
            MANIFEST_FILE, "", f"the inputs and the rules of this arena give another value (the run: {made}); {line}"
        )


def _plain(value: Json) -> Json:
    """Return a value as it comes back from JSON: tuples are lists there."""
    return parse_line(Path(MANIFEST_FILE), 1, encode_line(value))


def _check_chain(found: Found, problems: Problems) -> None:
    """Walk matches.jsonl: each line as the arena writes it, bound to the one before, each trial once, in plan order."""
    path = found.run.path / RECORDS_FILE
    if not path.exists():
        problems.add(RECORDS_FILE, "", "is missing")
        return
    previous = hashlib.sha256(encode_line(found.run.identity)).hexdigest()
    order = {key: place for place, key in enumerate(found.trials)}
    last = -1
    for number, (offset, line) in enumerate(read_lines(path), 1):
        place = f"line {number}"
        if line != chained(unchained(line), previous):
            problems.add(
                RECORDS_FILE, place, "is not bound to the line before it (`prev`): this line or that one was changed"
            )
        previous = hashlib.sha256(line).hexdigest()
        try:
            record = parse_line(path, number, line)
        except DataError as error:
            problems.add(RECORDS_FILE, place, error.issues[0].message)
            continue
        if encode_line(record) != line:
            problems.add(RECORDS_FILE, place, "is not written as the arena writes it")
        key = str(record.get("key"))
        if key in found.records:
            problems.add(RECORDS_FILE, place, f"{key} has a record already")
            continue
        found.records[key] = offset
        if order and key not in order:
            problems.add(RECORDS_FILE, place, f"{key} is not in the plan")
        elif order and order[key] < last:
            problems.add(RECORDS_FILE, place, f"{key} stands out of plan order")
        last = order.get(key, last)


def _check_timings(found: Found, problems: Problems) -> None:
    """Check that timings.jsonl is written as the arena writes it, about trials of the plan; the times are anyone's."""
    path = found.run.path / TIMINGS_FILE
    if not path.exists():
        return
    for number, (_, line) in enumerate(read_lines(path), 1):
        with problems.guard(TIMINGS_FILE, ""):
            timing = parse_line(path, number, line)
            if encode_line(timing) != line or list(timing) != ["key", "attempt", "seconds"]:
                problems.add(TIMINGS_FILE, f"line {number}", "is not written as the arena writes it")
            elif found.trials and timing["key"] not in found.trials:
                problems.add(TIMINGS_FILE, f"line {number}", f"{timing['key']} is not in the plan")


def _check_missing(found: Found, problems: Problems) -> None:
    """Check that what has no record was left out for a reason: the last session was stopped, or a trial before it in
    its series has none that it could build on."""
    session = found.run.manifest["sessions"][-1]
    if "ended_utc" not in session:
        problems.add(MANIFEST_FILE, "/sessions", "the last session did not come to its end; go on with it by --resume")
        return
    missing = [trial for key, trial in found.trials.items() if key not in found.records]
    if not missing:
        return
    if session["stopped_by"] is not None:
        told = f"{len(missing)} of {len(found.trials)} planned matches were not played: {session['stopped_by']}"
        problems.notes.append(f"{told}, as the manifest says")
        return
    broken = _broken_series(found)
    for trial in missing:
        if trial.series is None or trial.series not in broken:
            problems.add(RECORDS_FILE, trial.key, "the plan has this match, but it has no record")


def _broken_series(found: Found) -> set[str | None]:
    return {
        found.trials[key].series
        for key in found.records
        if key in found.trials
        and found.trials[key].series is not None
        and found.record(key).get("status") in ("error", "limit")
    }
