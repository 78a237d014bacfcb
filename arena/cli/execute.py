"""One whole run of a family, from settings to exit code. Everything a user sees goes through the Console."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from arena.analysis.check.ci_files import CiTargets, write_ci_outputs
from arena.analysis.check.ci_outputs import CiRecord, ci_record, failed_record
from arena.cli import run_choice
from arena.cli.batch_judging import check_request, pending_lines
from arena.cli.run_end import NotPassed, not_passed_lines, resume_command
from arena.engine.build import ProcessContext, RunRequest, build_calculator, build_cast, build_family, tools_text
from arena.engine.dry_run import dry_run_text
from arena.engine.finished import opened
from arena.engine.manifest import run_identity
from arena.engine.overview import left_out
from arena.engine.processes import play_in_processes
from arena.engine.progress import Console
from arena.engine.result_text import View, summary_text
from arena.engine.session import Run, Session, SessionResult
from arena.engine.shards import AUTO, WHOLE, Shard, read_shard, shard_of_environment
from arena.engine.shortfalls import no_talk, shortfalls
from arena.errors import (
    EXIT_BUDGET,
    EXIT_ERRORS,
    EXIT_INTERRUPTED,
    EXIT_OK,
    ArenaError,
    SettingRefused,
    StorageFault,
    UsageError,
)
from arena.formats.tables import printable
from arena.policy.limits import FLAGS, stricter
from arena.records import PENDING
from arena.store.manifest import Identity
from arena.store.rundir import MANIFEST_FILE, RunDir

STOPPED = (
    "the run has stopped, and everything played is kept. A run keeps its settings: to change one, start a new run; if"
    " the service was at fault"
)


def execute(request: RunRequest, console: Console) -> int:
    """Carry out one run and return its exit code.

    Errors: UsageError, ConfigError, DataError before anything is written. Errors during the run end in records.
    """
    request, shard = sharded(request, console)
    check_request(request)
    with build_cast(request) as cast, build_calculator(request) as calculator:
        tools = tools_text(request, cast, calculator)
        family = build_family(request, tools)
        run = Run(family, request, console, cast, calculator, tools, shard=shard)
        run.identity = run_identity(request, family, cast, calculator, tools, request.gate.identity())
        for warning in (*family.warnings, *policy_notes(request)):
            console.warn(warning)
        _targets(request).require_writable()
        if request.config.operation.dry_run:
            console.result(printable(dry_run_text(run)))
            return EXIT_OK
        if shard != WHOLE:
            console.notify(shard_text(run))
        if request.config.operation.processes > 1:
            run.spread = play_in_processes
        path = _directory(request, run.identity, shard)
        run.resume_hint = _resume_hint(request.process, path)
        result = _carry_out(run, path)
        code = _report(run, path, result)
        if _targets(request):
            _ci_outputs(run, path, ci_record(opened(path)))
        return code


def policy_notes(request: RunRequest) -> list[str]:
    """Return the notes about the policy before the run starts: shadow mode, unless the trials are already played, and
    limits that it sets."""
    gate = request.gate
    notes = []
    if gate.identity().get("enforced") is False and request.source is None:
        notes.append(f"SHADOW MODE: decisions of {gate.name} are recorded but not enforced; every call is made")
    for name, limit in stricter({name: request.config.get(name) for name in FLAGS}, gate.limits).items():
        if limit.source == "gates":
            notes.append(f"{gate.name} limits this run: {FLAGS[name]} {limit.value:g}")
    return notes


def sharded(request: RunRequest, console: Console) -> tuple[RunRequest, Shard]:
    """Return the request with --shard as I/N, and the shard. Errors: ConfigError for what is not a shard."""
    wanted = request.config.operation.shard
    if wanted is None:
        return request, WHOLE
    if wanted == AUTO:
        found = shard_of_environment(request.config.environ)
        console.notify(f"--shard auto: shard {found.shard} ({found.source})")
        shard = found.shard
    else:
        shard = read_shard(wanted)
    settings = {**request.config.settings, "shard": str(shard)}
    return replace(request, config=replace(request.config, settings=settings)), shard


def shard_text(run: Run) -> str:
    """Return a sentence about a shard: how many trials it plays, and its part of the limits."""
    own = run.limits()
    limits = own.as_mapping() | ({} if own.trials is None else {"trials": own.trials})
    parts = [f"${value:.4f}" if name == "cost_usd" else f"{value:,} {name}" for name, value in limits.items()]
    told = f"; its part of the limits: {', '.join(parts).replace('_', ' ')}" if parts else ""
    trials = run.family.spec.words.trials
    return f"shard {run.shard}: {run.planned} of {run.identity.plan.count} planned {trials}{told}"


def _carry_out(run: Run, path: Path) -> SessionResult:
    """Play in the run directory; a run that ends early is also reported to the CI system."""
    try:
        with closing(RunDir(path, run.request.config.operation.resume)) as directory, rare_collections():
            return Session(run, directory).carry_out()
    except SettingRefused as error:
        raise SettingRefused(f"{error}\n{STOPPED}; {run.resume_hint}") from None
    except UsageError:
        raise  # nothing was done, and the directory may belong to another run
    except BrokenPipeError:
        raise  # the reader of the output has gone
    except (ArenaError, OSError) as error:
        told = _stored(run, path, error)
        with contextlib.suppress(OSError, UsageError):  # report the original error, not this one
            _ci_outputs(run, path, failed_record(run.identity.sha256, str(told)))
        raise told from error


def _stored(run: Run, path: Path, error: ArenaError | OSError) -> ArenaError:
    """Return the error that ended a run; an error of the disk also says what is kept, and what to do."""
    if isinstance(error, ArenaError) and not isinstance(error, StorageFault):
        return error
    said = str(error)
    if isinstance(error, OSError):
        named = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else f"the files of {path}"
        said = f"cannot write {named}: {error.strerror or error}"
    if not (path / MANIFEST_FILE).exists():
        return StorageFault(f"{said}; nothing was played")
    return StorageFault(f"{said}; all answers are kept. When it is writable again, {run.resume_hint}")


YOUNG_OBJECTS = 50_000
"""New objects before the collector looks for cycles. A trial makes thousands of objects and no cycles; with the default
of 700, a run without a network would spend a tenth of its time in the collector."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Run the cycle collector less often while a run plays, and never on objects that were built before."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _targets(request: RunRequest) -> CiTargets:
    operation = request.config.operation
    return CiTargets(operation.junit, operation.github_summary, operation.annotations)


def _ci_outputs(run: Run, path: Path, record: CiRecord) -> None:
    """Write the results for a CI system to the places that the flags name."""
    # With --json, standard output holds only the summary.
    say = run.console.result if not run.request.config.operation.json else run.console.log
    write_ci_outputs(record, _targets(run.request), path, say, run.console.warn)


def _resume_hint(process: ProcessContext, path: Path) -> str:
    """Return the hint how to resume."""
    return f"resume with: {resume_command(process.argv, process.command, str(path))}"


def _directory(request: RunRequest, identity: Identity, shard: Shard) -> Path:
    """Return the run directory: --out, or a new one in the default folder, named by UTC time, identity and shard."""
    out = request.config.operation.out
    if out is not None:
        return Path(out)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    part = "" if shard == WHOLE else f"-shard-{shard.index}-of-{shard.count}"
    first = path = run_choice.RUNS_DIR / f"{stamp}-{identity.sha256[:8]}{part}"
    number = 1
    while path.exists():  # the same run twice within a second
        number += 1
        path = first.with_name(f"{first.name}-{number}")
    return path


def _report(run: Run, path: Path, result: SessionResult) -> int:
    """Print how the run ended and return the exit code."""
    operation, console, summary = run.request.config.operation, run.console, result.summary
    if operation.json:
        console.result(json.dumps(summary))
    elif not operation.quiet:
        view = View(console.width(), console.color_out, operation.table, result.seconds)
        console.result(summary_text(summary, run.family, path, view))
    pending = summary["statuses"].get(PENDING, 0)
    # A run that asks its judge later lists no single matches; a run with answers lists the matches without one.
    unlisted = ("limit",) if run.request.answers is not None else ("limit", PENDING)
    for line in not_passed_lines(NotPassed(*one) for one in result.not_passed if one.status not in unlisted):
        console.warn(line)
    for line in shortfalls(summary, operation.min_coverage):
        console.warn(line)
    resume = run.resume_hint
    if result.progress.stopped_by == "interrupted" or run.request.process.stop.is_set():
        console.warn(f"interrupted; only calls in flight are repeated; {resume}")
        return EXIT_INTERRUPTED
    for line in pending_lines(run, path, pending, result.batches):
        console.warn(line)
    decided = run.family.carried_over
    carried = [decided[key] for key in run.trial_keys() if key in decided] if decided else []
    errors, limits = (summary["statuses"][status] - carried.count(status) for status in ("error", "limit"))
    over_budget = result.progress.stopped_by == "budget" or limits
    if over_budget:
        console.warn(f"{result.budget.hit or 'a limit stopped the run'}; with a higher limit, or none, {resume}")
        if operation.fail_on_budget:
            return EXIT_BUDGET
    trials = run.family.spec.words.trials
    if errors:
        console.warn(f"{errors} {trials} ended in an error, which is not a score; {resume}")
        return EXIT_ERRORS
    if no_talk(summary):
        return EXIT_ERRORS
    if summary["n_planned"] and not summary["scored"] and not over_budget and not pending:
        console.warn(f"no {run.family.spec.words.trial} has a score: {left_out(summary) or 'nothing was played'}")
        return EXIT_ERRORS
    return EXIT_OK
