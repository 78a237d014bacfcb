"""The steps of a script that tunes a model: create, status, wait, events, cancel; each job has a record.

A script gives its flags (`Tuner`); everything else is here. A job has a record, state/sft_jobs/JOB.json, which is
written before anything is sent: `create` twice with one id makes one job.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from arena.cli.entry import run_command
from arena.cli.service_script import patience, read_note, say, shown_json, write_note
from arena.cli.tuning_set import TuningSet, note_of
from arena.errors import EXIT_ERRORS, EXIT_OK, UsageError
from arena.formats.tables import printable
from arena.records import Json
from arena.settings.flags import Parser
from arena.settings.places import DATA_ROOT

RECORDS = DATA_ROOT / "state/sft_jobs"
MOST_WAIT_S = 48 * 3600
STEPS = {
    "status": "print the progress of a job",
    "wait": "wait until a job has ended",
    "events": "print the events of a job",
    "cancel": "cancel a job",
}
"""Steps after `create`, and what they do."""

Note = dict[str, Json]
Keep = Callable[[], None]
"""Writes the current note."""


@dataclass(frozen=True, slots=True)
class Found:
    """A job as reported by its service. `said`: the details of its state; `noted`: further members of the note."""

    state: str
    ended: bool
    failed: bool
    said: str = ""
    noted: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job before anything is sent. `epochs`: passes over the data, in words, with their tokens;
    `request`: the request, which gives the job its id; `calls`: the calls before it, as a dry run prints them."""

    rows: TuningSet
    request: Json
    epochs: str
    calls: Callable[[str], Sequence[str]]


class Service(Protocol):
    """The operations of a service on a job. `job`: the id that this program gave it; `note`: the note kept about it."""

    def start(self, job: str, note: Note, keep: Keep, rows: TuningSet) -> Found:
        """Send the data set and start the job, each only if the service does not have it yet."""

    def find(self, job: str, note: Note) -> Found | None:
        """Return the job, None if the service does not know it."""

    def cancel(self, job: str, note: Note) -> Found | None: ...

    def events(self, job: str, note: Note) -> Sequence[str] | None: ...


class Tuner(Protocol):
    """A script: its name, its flags, its request, and its service."""

    name: str
    description: str
    examples: Sequence[str]
    """Example words after `create --dataset DIR`, with the flags that it needs."""
    steps: Sequence[str]
    """The steps of STEPS that the service offers."""

    def flags(self, create: Parser, every: Sequence[Parser]) -> None: ...

    def plan(self, options: argparse.Namespace) -> PlannedJob:
        """Check the request. Errors: UsageError for a value that the service would refuse after the upload."""

    def service(self, options: argparse.Namespace) -> Service: ...


def tune(tuner: Tuner, argv: Sequence[str] | None) -> int:
    """Carry out a step; return the exit code: 1 for a job that failed or was cancelled."""
    options_of = _parser(tuner).parse_args

    def act() -> int:
        options = options_of(sys.argv[1:] if argv is None else list(argv))
        return _create(tuner, options) if options.step == "create" else _ask(tuner, options)

    return run_command(tuner.name, act)


def _parser(tuner: Tuner) -> Parser:
    def typed(words: str) -> str:
        return f"python3 scripts/{tuner.name} {words}"

    whole, short = tuner.examples
    parser = Parser(tuner.name, description=tuner.description, examples=(typed(whole), typed("wait JOB")))
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP", parser_class=Parser)
    made = steps.add_parser("create", help="send the data and start the job", examples=(typed(short),))
    made.add_argument("--dataset", type=Path, required=True, metavar="DIR", help="folder of `arena dataset finalize`")
    made.add_argument("--job", metavar="ID", help="our id of the job [from the data and the flags]")
    made.add_argument("--dry-run", action="store_true", help="print every request, send none")
    for name in tuner.steps:
        step = steps.add_parser(name, help=STEPS[name], examples=(typed(f"{name} JOB"),))
        step.add_argument("job", metavar="JOB", help="our id of the job")
        if name == "wait":
            step.add_argument("--every", type=float, default=60.0, metavar="SECONDS", help="between questions [60]")
    tuner.flags(made, list(steps.choices.values()))
    return parser


def _create(tuner: Tuner, options: argparse.Namespace) -> int:
    plan = tuner.plan(options)
    job = options.job or f"arena-{hashlib.sha256(shown_json(plan.request).encode()).hexdigest()[:16]}"
    record = RECORDS / f"{job}.json"
    note = note_of(record, plan.request)
    say(f"trains on {plan.rows.rows['train']} rows, {plan.epochs}; the service bills them")
    if options.dry_run:
        print("\n".join((*plan.calls(job), shown_json(plan.request))))
        return EXIT_OK
    service = tuner.service(options)
    state = note.get("state", "creating")
    note |= {"job": job, "request": plan.request, "dataset": str(options.dataset), "state": state}
    write_note(record, note)
    return _noted(record, note, service.start(job, note, lambda: write_note(record, note), plan.rows))


def _ask(tuner: Tuner, options: argparse.Namespace) -> int:
    job, record = options.job, RECORDS / f"{options.job}.json"
    note, service = read_note(record), tuner.service(options)
    unknown = UsageError(f"the service knows no job {job}; start it with scripts/{tuner.name} create")
    if options.step == "events":
        if (lines := service.events(job, note)) is None:
            raise unknown
        for line in lines:
            print(printable(line))
        return EXIT_OK
    if options.step == "wait":
        found = patience(options.every, MOST_WAIT_S).until(
            lambda: service.find(job, note),
            lambda one: one is None or one.ended,
            lambda one: "no such job" if one is None else f"job {job}: {one.state}",
        )
    else:
        found = service.cancel(job, note) if options.step == "cancel" else service.find(job, note)
    if found is None:
        raise unknown
    return _noted(record, note, found)


def _noted(record: Path, note: Mapping[str, Json], found: Found) -> int:
    """Write and print the state of a job; return the exit code."""
    write_note(record, {**note, "job": record.stem, "state": found.state, **found.noted})
    print(printable(f"job {record.stem}: {found.state} {found.said}".rstrip()))
    return EXIT_ERRORS if found.failed else EXIT_OK
