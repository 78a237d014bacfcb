#!/usr/bin/env python3
"""Fine-tune a model of OpenAI: send the files, start the job, show its state, wait for it, cancel it.

python3 scripts/openai_sft.py create --dataset DIR --base-model MODEL [--suffix NAME] [--job ID] [--dry-run]
python3 scripts/openai_sft.py status|wait|events|cancel JOB

Each job has a record, state/sft_jobs/JOB.json. `create` twice with one id makes one job: the second call does the steps
that a crash left undone, and repeats none.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arena.cli.service_script import say, settings  # noqa: E402
from arena.cli.tuning_job import Found, Keep, Note, PlannedJob, tune  # noqa: E402
from arena.cli.tuning_set import TuningSet, tuning_set  # noqa: E402
from arena.errors import UsageError  # noqa: E402
from arena.providers.jobs.access import openai_tuning  # noqa: E402
from arena.providers.jobs.openai_tuning import DONE, LEAST_ROWS, MOST_SUFFIX, Tuning, TuningJob  # noqa: E402
from arena.records import Json  # noqa: E402
from arena.settings.flags import Parser  # noqa: E402

MEMBERS = {"train": "training_file", "val": "validation_file"}
"""File of the data set -> member of the request."""


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


def found_of(job: TuningJob) -> Found:
    noted = {"id": job.id, "message": job.problem, "model": job.model, "trained_tokens": job.trained_tokens}
    return Found(job.status, job.ended, job.ended and job.status != DONE, f"{job.model}{job.problem}", noted)


@dataclass(frozen=True, slots=True)
class OpenAI:
    """The service. It chooses the id of a job itself: ours is in the job's metadata."""

    client: Tuning
    options: argparse.Namespace

    def start(self, job: str, note: Note, keep: Keep, rows: TuningSet) -> Found:
        if (there := self._id(job, note)) is not None:
            say(f"the job {there} is there already")
            return found_of(self.client.retrieve(there))
        uploads: dict[str, Json] = note.setdefault("uploads", {})
        files = {}
        for name in rows.rows:

            def kept(more: Mapping[str, Json], name: str = name) -> None:
                uploads[name] = dict(more)
                keep()

            files[name] = self.client.upload(rows.file(name), uploads.get(name) or {}, kept)
        return found_of(self.client.create(job, job_body(self.options, files)))

    def find(self, job: str, note: Note) -> Found | None:
        one = self._id(job, note)
        return None if one is None else found_of(self.client.retrieve(one))

    def cancel(self, job: str, note: Note) -> Found | None:
        one = self._id(job, note)
        return None if one is None else found_of(self.client.cancel(one))

    def events(self, job: str, note: Note) -> Sequence[str] | None:
        one = self._id(job, note)
        return None if one is None else [f"{event.level} {event.message}" for event in self.client.events(one)]

    def _id(self, job: str, note: Note) -> str | None:
        """Return the service's id of a job, None if it knows none."""
        if isinstance(note.get("id"), str):
            return str(note["id"])
        found = self.client.find(job)
        return None if found is None else found.id


class Tuner:
    name = "openai_sft.py"
    description = "Fine-tune a model of OpenAI."
    examples: Sequence[str] = (
        "create --dataset state/datasets/first/final --base-model gpt-4.1-mini-2025-04-14 --suffix negotiator",
        "create --dataset DIR --base-model MODEL",
    )
    steps: Sequence[str] = ("status", "wait", "events", "cancel")

    def flags(self, create: Parser, every: Sequence[Parser]) -> None:
        create.add_argument("--base-model", required=True, metavar="MODEL", help="model that the service can tune")
        create.add_argument("--suffix", metavar="NAME", help="end of the tuned model's name")
        create.add_argument("--epochs", type=int, metavar="N", help="passes over the data; of the service if not given")
        create.add_argument("--learning-rate-multiplier", type=float, metavar="X", help="of the service if not given")
        create.add_argument("--batch-size", type=int, metavar="N", help="of the service if not given")
        create.add_argument("--seed", type=int, metavar="N", help="seed of the tuning")

    def plan(self, options: argparse.Namespace) -> PlannedJob:
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
        # The request, with digests in place of the ids that the service will give the files.
        request = job_body(options, {name: f"sha256:{digest}" for name, digest in rows.digests.items()})
        sent = [f"POST /v1/files: {rows.file(name)}, {rows.rows[name]} rows, purpose fine-tune" for name in rows.rows]
        epochs = f"about {rows.tokens:,} tokens an epoch; epochs: {options.epochs or 'as many as the service chooses'}"
        return PlannedJob(rows, request, epochs, lambda job: [*sent, "POST /v1/fine_tuning/jobs"])

    def service(self, options: argparse.Namespace) -> OpenAI:
        return OpenAI(openai_tuning(settings()), options)


def main(argv: Sequence[str] | None = None) -> int:
    return tune(Tuner(), argv)


if __name__ == "__main__":
    sys.exit(main())
