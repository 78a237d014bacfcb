"""Judges that are asked in batches, on the command line: --judge-batch, --from-batch, and the last lines."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from arena.cli.console import Console
from arena.engine.build import RunRequest
from arena.engine.judge_batch import BatchFile, check_batch
from arena.engine.session import Run
from arena.errors import DataError, Issue, UsageError
from arena.formats.tables import printable
from arena.providers.batch_lines import Answers
from arena.records import PENDING
from arena.settings.config import Config, ModelRef, Panel
from arena.settings.places import as_typed_here
from arena.settings.table import JUDGE, PROVIDERS
from arena.store.finished_run import FinishedRun
from arena.store.rundir import MANIFEST_FILE

SHOWN = 10
"""Requests without an answer that are listed; the others are counted."""


def check_request(request: RunRequest) -> None:
    """Check --judge-batch, if it is given. Errors: as of `check_batch`."""
    config, judges = request.config, request.judges()
    path: Path | None = config.get("judge_batch")
    if path is None or judges is None or config.judge is None:
        return
    operation = config.operation
    check_batch(path, operation.out, operation.resume, judges.judges, config.judge.tools)


def read_batches(paths: Sequence[str], run: FinishedRun, console: Console) -> Answers:
    """Return the answers of batches about a run, and list what failed. Errors: as of `Answers.read`; UsageError if
    no match of the run awaits a judge, or no answer belongs to it."""
    waiting = {record.key for record in run.records if record.status == PENDING}
    if not waiting:
        raise UsageError(
            f"--from-batch: no match of {run.path} awaits its judge; only runs with --judge-batch have such"
        )
    answers = Answers.read([Path(path) for path in paths])
    ours = sum(name.rpartition("#")[0] in waiting for name in answers.places)
    about = f"{ours} of {len(answers.places)} answers are about the {len(waiting)} matches that await their judge"
    if not ours:
        raise UsageError(f"--from-batch: {about} in {run.path}: is this the file of another run?")
    console.notify(about)
    failed = list(answers.failed.items())
    for name, why in failed[:SHOWN]:
        console.warn(printable(f"no answer to {name}: {why}"))
    if len(failed) > SHOWN:
        console.warn(f"and {len(failed) - SHOWN} more requests without an answer")
    return answers


def judged_as_asked(run: FinishedRun, config: Config) -> tuple[Config, Panel]:
    """Return the settings with those of the judge taken from the run that wrote the requests, and the judge.

    Errors: UsageError if a flag says something else; DataError for a judge of an unknown provider.
    """
    names = [row.name for row in JUDGE] + ["judges", "judge_repetitions"]
    given = [config.source[name] for name in names if config.source[name].startswith(("--", "config file"))]
    if given:
        raise UsageError(f"--from-batch: {run.path} sets the judge; leave out {', '.join(sorted(given))}")
    models, played = run.manifest.identity.models, run.manifest.identity.settings
    labels = models.judges
    first = list(dict.fromkeys(labels))
    refs = [ModelRef(*label.split("/", 1)) for label in first]
    if not refs or any(ref.provider not in PROVIDERS for ref in refs):
        message = f"unknown judge in {', '.join(labels) or '-'}; score the run with the version that played it"
        raise DataError([Issue(str(run.path / MANIFEST_FILE), "/identity/models", message)])
    settings = {**config.settings, **{row.name: played[row.name] for row in JUDGE if row.name in played}}
    settings |= {"judge_provider": refs[0].provider, "judge_model": refs[0].model}
    return replace(config, settings=settings), Panel(tuple(refs), len(labels) // len(refs))


def pending_lines(run: Run, path: Path, pending: int, batches: Sequence[BatchFile]) -> list[str]:
    """Return what to do about the matches that await their judge; empty if there are none."""
    if not pending:
        return []
    words = run.family.spec.words
    head = f"{pending} {words.trials if pending > 1 else words.trial} {'await' if pending > 1 else 'awaits'} the judge"
    if not batches:
        return [f"{head}; --judge-batch FILE writes the open questions; with the answers {run.resume_hint}"]
    names = " ".join(shlex.quote(str(file.path)) for file in batches)
    counted = sum(file.requests for file in batches)
    send = "; ".join(
        f"{as_typed_here('python3 scripts/submit_openai_batch.py')} {shlex.quote(str(file.path))}" for file in batches
    )
    take = f"{as_typed_here('python3 -m arena rejudge')} --from-batch ANSWERS {shlex.quote(str(path))} --out NEW"
    if run.request.answers is not None:
        take = f"give them to --from-batch, and {run.resume_hint}"
    return [
        f"{head}: {counted} request{'s' if counted > 1 else ''} in {names}",
        f"send them: {send}",
        f"take the answers: {take}",
    ]
