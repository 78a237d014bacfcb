#!/usr/bin/env python3
"""Fine-tune a model on Fireworks: create the data set, start the job, ask how far it is, wait for it, cancel it.

python3 scripts/fireworks_sft.py create --dataset DIR --base-model MODEL --output-model NAME [--job ID] [--dry-run]
python3 scripts/fireworks_sft.py status|wait|cancel JOB

Each job has a record, state/sft_jobs/JOB.json. `create` twice with one id makes one job: what a crash left undone is
done, what is there is not done again.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arena.cli.entry import run_command  # noqa: E402
from arena.cli.service_script import patience, read_note, say, settings, shown_json, write_note  # noqa: E402
from arena.cli.tuning_set import note_of, tuning_set  # noqa: E402
from arena.errors import EXIT_ERRORS, EXIT_OK, UsageError  # noqa: E402
from arena.providers.jobs.access import fireworks  # noqa: E402
from arena.providers.jobs.fireworks import JOB_DONE, JOB_ENDED, State  # noqa: E402
from arena.records import Json  # noqa: E402
from arena.settings.flags import Parser  # noqa: E402
from arena.settings.places import DATA_ROOT  # noqa: E402

NAME = "fireworks_sft.py"
RECORDS = DATA_ROOT / "state/sft_jobs"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(NAME, description="Fine-tune a model on Fireworks.",
                    examples=(f"python3 scripts/{NAME} create --dataset state/datasets/first/final"
                              " --base-model accounts/fireworks/models/qwen3-8b --output-model negotiator",
                              f"python3 scripts/{NAME} wait JOB"))  # fmt: skip
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP", parser_class=Parser)
    made = steps.add_parser("create", help="create data sets and job",
                            examples=(f"python3 scripts/{NAME} create --dataset DIR --base-model MODEL"
                                      " --output-model NAME",))  # fmt: skip
    made.add_argument("--dataset", type=Path, required=True, metavar="DIR", help="folder of `arena dataset finalize`")
    made.add_argument("--base-model", required=True, metavar="MODEL", help="accounts/<account>/models/<id>")
    made.add_argument("--output-model", required=True, metavar="NAME", help="id of the tuned model")
    made.add_argument("--job", metavar="ID", help="id of the job [from the data and the flags]")
    made.add_argument("--epochs", type=int, default=1, metavar="N", help="passes over the data [1]")
    made.add_argument("--learning-rate", type=float, metavar="X", help="of the service where not given")
    made.add_argument("--lora-rank", type=int, default=8, metavar="N", help="rank of the adapter [8]")
    made.add_argument("--max-context-length", type=int, metavar="N", help="of the service where not given")
    made.add_argument("--dry-run", action="store_true", help="print every request, send none")
    for name, text in (("status", "say how far a job is"), ("wait", "wait until a job has ended"),
                       ("cancel", "cancel a job")):  # fmt: skip
        step = steps.add_parser(name, help=text, examples=(f"python3 scripts/{NAME} {name} JOB",))
        step.add_argument("job", metavar="JOB", help="id of the job")
        if name == "wait":
            step.add_argument("--every", type=float, default=60.0, metavar="SECONDS", help="between questions [60]")
    for step in steps.choices.values():
        step.add_argument("--account", default="", metavar="ID", help="account [FIREWORKS_ACCOUNT_ID]")
    return parser


def job_body(options: argparse.Namespace, account: str, datasets: dict[str, str]) -> dict[str, Json]:
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


def _create(options: argparse.Namespace) -> int:
    rows = tuning_set(options.dataset)
    datasets = {name: f"arena-{name}-{digest[:16]}" for name, digest in rows.digests.items()}
    service = fireworks(settings(), options.account)
    body = job_body(options, service.account, datasets)
    made_of = hashlib.sha256(shown_json(body).encode()).hexdigest()
    job = options.job or f"arena-{made_of[:16]}"
    record = RECORDS / f"{job}.json"
    note = note_of(record, body)
    tokens = rows.tokens * options.epochs
    say(f"trains on {rows.rows['train']} rows, about {tokens:,} tokens in {options.epochs} epochs; the service bills"
        " them")  # fmt: skip
    if options.dry_run:
        for name, one in datasets.items():
            print(f"POST {service.name('datasets', one)}: {rows.rows[name]} rows of {rows.file(name)}")
        print(f"POST {service.name('supervisedFineTuningJobs', job)}\n{shown_json(body)}")
        return EXIT_OK
    note |= {"job": job, "request": body, "dataset": str(options.dataset), "state": "creating"}
    write_note(record, note)
    for name, one in datasets.items():
        state = service.create_dataset(one, rows.file(name), rows.rows[name])
        say(f"data set {one}: {state.state}")
    return _noted(record, note, service.create_job(job, body))


def _noted(record: Path, note: dict[str, Json], state: State | None) -> int:
    if state is None:
        raise UsageError(f"the service knows no job {record.stem}")
    write_note(record, {**note, "job": record.stem, "name": state.name, "state": state.state, "message": state.message})
    print(f"job {record.stem}: {state.state} {state.message}".rstrip())
    return EXIT_OK if state.state == JOB_DONE or state.state not in JOB_ENDED else EXIT_ERRORS


def _ask(options: argparse.Namespace) -> int:
    service, record = fireworks(settings(), options.account), RECORDS / f"{options.job}.json"
    note = read_note(record)
    if options.step == "cancel":
        service.cancel_job(options.job)
    if options.step != "wait":
        return _noted(record, note, service.job(options.job))
    state = patience(options.every, 48 * 3600).until(
        lambda: service.job(options.job),
        lambda one: one is None or one.state in JOB_ENDED,
        lambda one: "no such job" if one is None else f"job {options.job}: {one.state}",
    )
    return _noted(record, note, state)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a step; return the exit code: 1 for a job that failed or was cancelled."""
    options_of = _parser().parse_args

    def act() -> int:
        options = options_of(sys.argv[1:] if argv is None else list(argv))
        return _create(options) if options.step == "create" else _ask(options)

    return run_command(NAME, act)


if __name__ == "__main__":
    sys.exit(main())
