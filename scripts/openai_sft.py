#!/usr/bin/env python3
"""Fine-tune a model of OpenAI: send the files, start the job, ask how far it is, wait for it, cancel it.

python3 scripts/openai_sft.py create --dataset DIR --base-model MODEL [--suffix NAME] [--job ID] [--dry-run]
python3 scripts/openai_sft.py status|wait|events|cancel JOB

Each job has a record, state/sft_jobs/JOB.json. `create` twice with one id makes one job: what a crash left undone is
done, what is there is not done again.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arena.cli.entry import run_command  # noqa: E402
from arena.cli.service_script import patience, read_note, say, settings, shown_json, write_note  # noqa: E402
from arena.cli.tuning_set import TuningSet, note_of, tuning_set  # noqa: E402
from arena.errors import EXIT_ERRORS, EXIT_OK, UsageError  # noqa: E402
from arena.formats.tables import printable  # noqa: E402
from arena.providers.jobs.access import openai_tuning  # noqa: E402
from arena.providers.jobs.openai_tuning import DONE, LEAST_ROWS, MOST_SUFFIX, Tuning, TuningJob  # noqa: E402
from arena.records import Json  # noqa: E402
from arena.settings.flags import Parser  # noqa: E402
from arena.settings.places import DATA_ROOT  # noqa: E402

NAME = "openai_sft.py"
RECORDS = DATA_ROOT / "state/sft_jobs"
MEMBERS = {"train": "training_file", "val": "validation_file"}
"""File of the data set -> member of the request."""


def _parser() -> argparse.ArgumentParser:
    parser = Parser(NAME, description="Fine-tune a model of OpenAI.",
                    examples=(f"python3 scripts/{NAME} create --dataset state/datasets/first/final"
                              " --base-model gpt-4.1-mini-2025-04-14 --suffix negotiator",
                              f"python3 scripts/{NAME} wait JOB"))  # fmt: skip
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP", parser_class=Parser)
    made = steps.add_parser("create", help="send the files and start the job",
                            examples=(f"python3 scripts/{NAME} create --dataset DIR --base-model MODEL",))  # fmt: skip
    made.add_argument("--dataset", type=Path, required=True, metavar="DIR", help="folder of `arena dataset finalize`")
    made.add_argument("--base-model", required=True, metavar="MODEL", help="model that the service can tune")
    made.add_argument("--suffix", metavar="NAME", help="end of the tuned model's name")
    made.add_argument("--job", metavar="ID", help="our id of the job [from the data and the flags]")
    made.add_argument("--epochs", type=int, metavar="N", help="passes over the data; of the service where not given")
    made.add_argument("--learning-rate-multiplier", type=float, metavar="X", help="of the service where not given")
    made.add_argument("--batch-size", type=int, metavar="N", help="of the service where not given")
    made.add_argument("--seed", type=int, metavar="N", help="seed of the tuning")
    made.add_argument("--dry-run", action="store_true", help="print every request, send none")
    for name, text in (("status", "say how far a job is"), ("wait", "wait until a job has ended"),
                       ("events", "print what happened in a job"), ("cancel", "cancel a job")):  # fmt: skip
        step = steps.add_parser(name, help=text, examples=(f"python3 scripts/{NAME} {name} JOB",))
        step.add_argument("job", metavar="JOB", help="our id of the job")
        if name == "wait":
            step.add_argument("--every", type=float, default=60.0, metavar="SECONDS", help="between questions [60]")
    return parser


def job_body(options: argparse.Namespace, files: Mapping[str, str]) -> dict[str, Json]:
    """Return the request that starts the job (OpenAI API reference, "Create fine-tuning job"). `files`: name -> id."""
    chosen = {"n_epochs": options.epochs, "learning_rate_multiplier": options.learning_rate_multiplier,
              "batch_size": options.batch_size}  # fmt: skip
    hyperparameters = {name: value for name, value in chosen.items() if value is not None}
    body: dict[str, Json] = {
        "model": options.base_model,
        **{MEMBERS[name]: one for name, one in files.items()},
        "method": {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}},
    }
    if options.suffix is not None:
        body["suffix"] = options.suffix
    if options.seed is not None:
        body["seed"] = options.seed
    return body


def _create(options: argparse.Namespace) -> int:
    rows = _checked(options)
    # What is asked for, with digests in the place of the ids that the service will give the files.
    request = job_body(options, {name: f"sha256:{digest}" for name, digest in rows.digests.items()})
    job = options.job or f"arena-{hashlib.sha256(shown_json(request).encode()).hexdigest()[:16]}"
    record = RECORDS / f"{job}.json"
    note = note_of(record, request)
    epochs = options.epochs or "as many as the service chooses"
    say(f"trains on {rows.rows['train']} rows, about {rows.tokens:,} tokens an epoch; epochs: {epochs}; the service"
        " bills them")  # fmt: skip
    if options.dry_run:
        for name in rows.rows:
            print(f"POST /v1/files: {rows.file(name)}, {rows.rows[name]} rows, purpose fine-tune")
        print(f"POST /v1/fine_tuning/jobs\n{shown_json(request)}")
        return EXIT_OK
    service = openai_tuning(settings())
    note |= {"job": job, "request": request, "dataset": str(options.dataset), "state": note.get("state", "creating")}
    write_note(record, note)
    return _noted(record, note, _started(service, options, rows, record, note))


def _started(
    service: Tuning, options: argparse.Namespace, rows: TuningSet, record: Path, note: dict[str, Json]
) -> TuningJob:
    """Return the job of a note, started where it is not yet."""
    if isinstance(note.get("id"), str):
        return service.retrieve(note["id"])
    found = service.find(record.stem)
    if found is not None:
        say(f"the job {found.id} is there already")
        return found
    uploads: dict[str, Json] = note.setdefault("uploads", {})
    files = {}
    for name in rows.rows:

        def keep(more: Mapping[str, Json], name: str = name) -> None:
            uploads[name] = dict(more)
            write_note(record, note)

        files[name] = service.upload(rows.file(name), uploads.get(name) or {}, keep)
    return service.create(record.stem, job_body(options, files))


def _checked(options: argparse.Namespace) -> TuningSet:
    """Return the data set of the flags. Errors: UsageError for what the service would refuse after the upload."""
    rows = tuning_set(options.dataset)
    if rows.rows.get("train", 0) < LEAST_ROWS:
        raise UsageError(f"{rows.file('train')} holds {rows.rows.get('train', 0)} rows; the service trains on"
                         f" {LEAST_ROWS} or more")  # fmt: skip
    if options.suffix is not None and not 0 < len(options.suffix) <= MOST_SUFFIX:
        raise UsageError(f"--suffix has {len(options.suffix)} characters; give 1 to {MOST_SUFFIX}")
    for name in ("epochs", "batch_size"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise UsageError(f"--{name.replace('_', '-')} is {value}; give 1 or more")
    return rows


def _noted(record: Path, note: Mapping[str, Json], job: TuningJob) -> int:
    more = {"id": job.id, "state": job.status, "message": job.problem, "model": job.model}
    write_note(record, {**note, **more, "trained_tokens": job.trained_tokens})
    print(printable(f"job {record.stem}: {job.status} {job.model}{job.problem}".rstrip()))
    return EXIT_ERRORS if job.ended and job.status != DONE else EXIT_OK


def _ask(options: argparse.Namespace) -> int:
    record = RECORDS / f"{options.job}.json"
    note, service = read_note(record), openai_tuning(settings())
    one = note.get("id")
    if not isinstance(one, str):
        found = service.find(options.job)
        if found is None:
            raise UsageError(f"the service knows no job {options.job}; start it with scripts/{NAME} create")
        one = found.id
    if options.step == "events":
        for event in service.events(one):
            print(printable(f"{event.level} {event.message}"))
        return EXIT_OK
    if options.step == "cancel":
        return _noted(record, note, service.cancel(one))
    if options.step == "status":
        return _noted(record, note, service.retrieve(one))
    job = patience(options.every, 48 * 3600).until(
        lambda: service.retrieve(one), lambda found: found.ended, lambda found: f"job {options.job}: {found.status}"
    )
    return _noted(record, note, job)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a step; return the exit code: 1 for a job that failed or was cancelled."""
    options_of = _parser().parse_args

    def act() -> int:
        options = options_of(sys.argv[1:] if argv is None else list(argv))
        return _create(options) if options.step == "create" else _ask(options)

    return run_command(NAME, act)


if __name__ == "__main__":
    sys.exit(main())
