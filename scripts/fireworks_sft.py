#!/usr/bin/env python3
"""Fine-tune a model on Fireworks: create the data set, start the job, show its state, wait for it, cancel it.

python3 scripts/fireworks_sft.py create --dataset DIR --base-model MODEL --output-model NAME [--job ID] [--dry-run]
python3 scripts/fireworks_sft.py status|wait|cancel JOB

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
from arena.providers.jobs.access import fireworks  # noqa: E402
from arena.providers.jobs.fireworks import JOB_DONE, JOB_ENDED, Fireworks, State  # noqa: E402
from arena.records import Json  # noqa: E402
from arena.settings.flags import Parser  # noqa: E402


def job_body(options: argparse.Namespace, account: str, datasets: Mapping[str, str]) -> dict[str, Json]:
    """Return the request that starts the job (Fireworks API reference, "Create Supervised Fine-tuning Job")."""
    body: dict[str, Json] = {
        "dataset": f"accounts/{account}/datasets/{datasets['train']}",
        "baseModel": options.base_model,
        "outputModel": f"accounts/{account}/models/{options.output_model}",
        "displayName": options.output_model,
        "epochs": options.epochs,
        "loraRank": options.lora_rank,
    }
    if "val" in datasets:
        body["evaluationDataset"] = f"accounts/{account}/datasets/{datasets['val']}"
    if options.learning_rate is not None:
        body["learningRate"] = options.learning_rate
    if options.max_context_length is not None:
        body["maxContextLength"] = options.max_context_length
    return body


def datasets_of(rows: TuningSet) -> dict[str, str]:
    """Return file of the data set -> id of the service's data set, which its content gives it."""
    return {name: f"arena-{name}-{digest[:16]}" for name, digest in rows.digests.items()}


def found_of(state: State | None) -> Found | None:
    if state is None:
        return None
    ended = state.state in JOB_ENDED
    noted = {"name": state.name, "message": state.message}
    return Found(state.state, ended, ended and state.state != JOB_DONE, state.message, noted)


@dataclass(frozen=True, slots=True)
class Account:
    """The service, for one account. A job has the id that we give it."""

    client: Fireworks

    def start(self, job: str, note: Note, keep: Keep, rows: TuningSet) -> Found:
        for name, one in datasets_of(rows).items():
            state = self.client.create_dataset(one, rows.file(name), rows.rows[name])
            say(f"data set {one}: {state.state}")
        found = found_of(self.client.create_job(job, note["request"]))
        assert found is not None
        return found

    def find(self, job: str, note: Note) -> Found | None:
        return found_of(self.client.job(job))

    def cancel(self, job: str, note: Note) -> Found | None:
        self.client.cancel_job(job)
        return self.find(job, note)

    def events(self, job: str, note: Note) -> Sequence[str] | None:
        return None  # the service lists none, so the script has no such step


class Tuner:
    name = "fireworks_sft.py"
    description = "Fine-tune a model on Fireworks."
    examples: Sequence[str] = (
        "create --dataset state/datasets/first/final --base-model accounts/fireworks/models/qwen3-8b"
        " --output-model negotiator",
        "create --dataset DIR --base-model MODEL --output-model NAME",
    )
    steps: Sequence[str] = ("status", "wait", "cancel")

    def flags(self, create: Parser, every: Sequence[Parser]) -> None:
        create.add_argument("--base-model", required=True, metavar="MODEL", help="accounts/<account>/models/<id>")
        create.add_argument("--output-model", required=True, metavar="NAME", help="id of the tuned model")
        create.add_argument("--epochs", type=int, default=1, metavar="N", help="passes over the data [1]")
        create.add_argument("--learning-rate", type=float, metavar="X", help="of the service if not given")
        create.add_argument("--lora-rank", type=int, default=8, metavar="N", help="rank of the adapter [8]")
        create.add_argument("--max-context-length", type=int, metavar="N", help="of the service if not given")
        for step in every:
            step.add_argument("--account", default="", metavar="ID", help="account [FIREWORKS_ACCOUNT_ID]")

    def plan(self, options: argparse.Namespace) -> PlannedJob:
        rows = tuning_set(options.dataset)
        client, datasets = fireworks(settings(), options.account), datasets_of(rows)
        request = job_body(options, client.account, datasets)
        epochs = f"about {rows.tokens * options.epochs:,} tokens in {options.epochs} epochs"
        sent = [f"POST {client.name('datasets', one)}: {rows.rows[name]} rows of {rows.file(name)}"
                for name, one in datasets.items()]  # fmt: skip
        return PlannedJob(
            rows, request, epochs, lambda job: [*sent, f"POST {client.name('supervisedFineTuningJobs', job)}"]
        )

    def service(self, options: argparse.Namespace) -> Account:
        return Account(fireworks(settings(), options.account))


def main(argv: Sequence[str] | None = None) -> int:
    return tune(Tuner(), argv)


if __name__ == "__main__":
    sys.exit(main())
