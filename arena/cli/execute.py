"""One whole run of a family: plan, wire, play, summarise, report -> exit code.

`run.py` and the commands call `execute`; everything a user sees goes through the Console they hand in.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from arena.analysis.check.ci_files import CiTargets, write_ci_outputs
from arena.analysis.check.ci_outputs import CiRecord, ci_record, failed_record
from arena.cli.console import Console
from arena.engine.build import Surroundings, build_family, calculating, casting, tools_text
from arena.engine.dry_run import Plan, dry_run_text
from arena.engine.manifest import plan, run_identity
from arena.engine.result_text import left_out, summary_text
from arena.engine.session import Done, Run, Session
from arena.errors import EXIT_BUDGET, EXIT_ERRORS, EXIT_INTERRUPTED, EXIT_OK, ArenaError, UsageError
from arena.play.services import Model
from arena.records import Json
from arena.settings.config import Config
from arena.settings.prices import Price
from arena.settings.redaction import public_url
from arena.store.finished_run import FinishedRun
from arena.store.rundir import RunDir

RUNS_DIR = Path("state/runs")
SHOWN_FAULTS = 3
"""How many different errors the end of a run quotes; all of them stand in matches.jsonl."""


def execute(family_name: str, config: Config, around: Surroundings, console: Console) -> int:
    """Carry out one run and return its exit code.

    Errors: UsageError (and its kin) before anything is written; what the run itself meets ends in records.
    """
    with casting(config, around) as cast, calculating(config, around) as calculator:
        tools = tools_text(config, cast, calculator)
        family = build_family(family_name, config, tools)
        run = Run(family, config, around, console, cast, calculator, tools)
        run.identity = run_identity(config, family, plan(run.trial_keys()), calculator, tools, cast.files)
        for warning in family.warnings:
            console.warn(warning)
        if config.dry_run:
            console.result(_dry_run(run))
            return EXIT_OK
        path = _directory(config, run.identity)
        run.resume_hint = _resume_hint(around, path)
        try:
            with closing(RunDir(path, config.resume)) as directory:
                done = Session(run, directory).carry_out()
        except UsageError:
            raise  # nothing was done, and the directory may be another run's
        except ArenaError as error:
            with contextlib.suppress(OSError):  # of both, what ended the run is to be told
                _ci_outputs(run, path, failed_record(run.identity["sha256"], str(error)))
            raise
        code = _report(run, path, done)
        if _targets(config):
            _ci_outputs(run, path, ci_record(FinishedRun(path)))
        return code


def _targets(config: Config) -> CiTargets:
    return CiTargets(config.junit, config.github_summary, config.annotations)


def _ci_outputs(run: Run, path: Path, record: CiRecord) -> None:
    """Write what the run came to for a CI system, where the flags say."""
    # With --json standard output holds nothing but the summary.
    say = run.console.result if not run.config.json else run.console.log
    write_ci_outputs(record, _targets(run.config), path, say, run.console.warn)


def _resume_hint(around: Surroundings, path: Path) -> str:
    """Return the sentence that says how to go on: the command as it was given, with what it lacks, and without what
    may be secret in an address."""
    words = [public_url(word) for word in around.argv]
    if not any(word == "--out" or word.startswith("--out=") for word in words):
        words += ["--out", str(path)]
    if "--resume" not in words:
        words.append("--resume")
    return f"resume with: python3 -m {around.door} {shlex.join(words)}"


def _directory(config: Config, identity: Mapping[str, Json]) -> Path:
    """Return the run directory: --out, or a new one under state/runs named by UTC time and identity."""
    if config.out is not None:
        return Path(config.out)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    first = path = config.root / RUNS_DIR / f"{stamp}-{identity['sha256'][:8]}"
    number = 1
    while path.exists():  # the same run twice within a second
        number += 1
        path = first.with_name(f"{first.name}-{number}")
    return path


def _dry_run(run: Run) -> str:
    config, cast = run.config, run.cast
    units = {trial.unit for trial in run.family.trials()}
    header = [
        ("players", cast.default.label),
        *((f"player of {role}", model.label) for role, model in cast.by_role.items()),
        ("judge", run.identity["models"]["judge"]),
        ("calculator", run.identity["calculator"]["provider"]),
    ]
    return dry_run_text(
        Plan(
            matches=run.planned - len(run.family.settled),
            challenges=len(units),
            max_turns=config.max_turns,
            max_tool_calls_per_turn=config.max_tool_calls_per_turn,
            tools=run.tools is not None,
            judge_tools=config.judge_tools,
            prompt_chars=run.family.longest_prompt(),
            judge_chars=run.family.longest_judge_prompt(),
            max_tokens=config.max_tokens,
            judge_max_tokens=config.judge_max_tokens,
            player_price=_dearest(cast.players()),
            judge_price=_dearest(cast.panel),
            unpriced=cast.unpriced,
            judgements=len(cast.panel),
            played="source" in run.identity,
        ),
        header,
    )


def _dearest(models: Iterable[Model]) -> Price:
    return max((model.price for model in models), key=lambda price: price.completion)


def _report(run: Run, path: Path, done: Done) -> int:
    """Say how it ended and return the exit code."""
    config, console, summary = run.config, run.console, done.summary
    if config.json:
        console.result(json.dumps(summary))
    elif not config.quiet:
        console.result(summary_text(summary, path))
    for detail, count in sorted(done.faults.items(), key=lambda fault: -fault[1])[:SHOWN_FAULTS]:
        console.warn(f"{count} x {detail}")
    again = run.resume_hint
    if done.progress.stopped_by == "interrupted" or run.around.stop.is_set():
        console.warn(f"interrupted; nothing that was answered is lost; {again}")
        return EXIT_INTERRUPTED
    settled = list(run.family.settled.values())
    errors, limits = (summary["statuses"][status] - settled.count(status) for status in ("error", "limit"))
    over_budget = done.progress.stopped_by == "budget" or limits
    if over_budget:
        console.warn(f"{done.budget.hit or 'a budget ceiling stopped matches'}; with a higher ceiling {again}")
        if config.fail_on_budget:
            return EXIT_BUDGET
    if errors:
        console.warn(f"{errors} matches ended in an error, which is not a score; {again}")
        return EXIT_ERRORS
    if summary["n_planned"] and not summary["scored"] and not over_budget:
        console.warn(f"no match has a score: {left_out(summary) or 'nothing was played'}")
        return EXIT_ERRORS
    return EXIT_OK
