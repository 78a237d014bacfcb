"""One whole run of a family: plan, wire, play, summarise, report -> exit code. Floor F4.

`run.py` and the commands call `execute`; everything a user sees goes through the Console they hand in.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from arena.budget import Budget, Limits
from arena.config import Config
from arena.console import Console
from arena.errors import EXIT_BUDGET, EXIT_ERRORS, EXIT_INTERRUPTED, EXIT_OK
from arena.family import Family
from arena.gates import AllowAll
from arena.interrupt import catching_interrupts
from arena.journal import JOURNAL_FILE, AppendFile, JournalIndex, encode_line, reply_from_json
from arena.manifest import new_manifest, plan, run_identity, utc
from arena.messages import Calculator
from arena.progress import ProgressLine
from arena.records import KEPT_ON_RESUME, Json, Trial
from arena.result_text import Plan, dry_run_text, summary_text
from arena.rundir import INPUTS_DIR, RECORDS_FILE, TIMINGS_FILE, RunDir, Stored, write_atomic
from arena.runner import Hooks, Job, Progress, Runner, lanes
from arena.services import Wiring
from arena.summary import Summary
from arena.wiring import Cast, Surroundings, build_family, calculating, casting, tools_text

RUNS_DIR = Path("state/runs")


@dataclass(slots=True)
class Run:
    """A run that is ready to be played: all inputs read and checked, nothing written yet."""

    family: Family
    config: Config
    around: Surroundings
    console: Console
    cast: Cast
    calculator: Calculator | None
    tools: str | None
    identity: dict[str, Json] = field(default_factory=dict)

    def trial_keys(self) -> Iterator[str]:
        return (trial.key for trial in self.family.trials())


def execute(family_name: str, config: Config, around: Surroundings, console: Console) -> int:
    """Carry out one run and return its exit code.

    Errors: UsageError (and its kin) before anything is written; what the run itself meets ends in records.
    """
    with casting(config, around) as cast, calculating(config, around) as calculator:
        tools = tools_text(config, cast, calculator)
        family = build_family(family_name, config, tools)
        run = Run(family, config, around, console, cast, calculator, tools)
        run.identity = run_identity(config, family, plan(run.trial_keys()), calculator, tools)
        if config.dry_run:
            console.result(_dry_run(run))
            return EXIT_OK
        with closing(RunDir(_directory(config, run.identity), config.resume)) as directory:
            return _Session(run, directory).carry_out()


def _directory(config: Config, identity: Mapping[str, Json]) -> Path:
    """Return the run directory: --out, or a new one under state/runs named by UTC time and identity."""
    if config.out is not None:
        return Path(config.out)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return config.root / RUNS_DIR / f"{stamp}-{identity['sha256'][:8]}"


def _dry_run(run: Run) -> str:
    config, cast = run.config, run.cast
    units = {trial.unit for trial in run.family.trials()}
    header = [
        ("players", cast.default.label),
        *((f"player of {role}", model.label) for role, model in cast.by_role.items()),
        ("judge", cast.judge.label),
        ("calculator", run.identity["calculator"]["provider"]),
    ]
    return dry_run_text(
        Plan(
            matches=run.identity["plan"]["count"],
            challenges=len(units),
            max_turns=config.max_turns,
            max_tool_calls_per_turn=config.max_tool_calls_per_turn,
            tools=run.tools is not None,
            judge_tools=config.judge_tools,
            prompt_chars=run.family.longest_prompt(),
            max_tokens=config.max_tokens,
            judge_max_tokens=config.judge_max_tokens,
            player_price=max((m.price for m in cast.models()[:-1]), key=lambda price: price.completion),
            judge_price=cast.judge.price,
            unpriced=cast.unpriced,
        ),
        header,
    )


class _Session:
    """One process's work on a run: from the manifest to the summary."""

    def __init__(self, run: Run, directory: RunDir) -> None:
        self.run = run
        self.config = run.config
        self.directory = directory
        self.console = run.console
        config = run.config
        self.budget = Budget(
            Limits(
                config.max_calls,
                config.max_total_tokens,
                config.max_prompt_tokens,
                config.max_completion_tokens,
                config.max_cost_usd,
            )
        )
        self.manifest: dict[str, Json] = {}
        self.stored: dict[str, Stored] = {}
        self.recorded = JournalIndex(directory.file(JOURNAL_FILE))
        self.attempts: dict[str, int] = {}
        self.started = time.perf_counter()
        self.playing_seconds = 0.0

    def carry_out(self) -> int:
        """Play what is to be played and write all results; return the exit code."""
        self._open()
        pending = self.run.identity["plan"]["count"] - len(self.stored)
        progress = Progress()
        if pending:
            began = time.perf_counter()
            progress = self._play(pending)
            self.playing_seconds = time.perf_counter() - began
        else:
            self.console.notify("nothing to play: every match of the plan is already finished")
        summary = self._finish(progress)
        return self._report(summary, progress, pending)

    def _open(self) -> None:
        """Write or check the manifest, recover what a killed process left, and read what is already done."""
        directory, console = self.directory, self.console
        if directory.resumed:
            self.manifest = directory.read_manifest()
            directory.check_identity(self.manifest, self.run.identity)
            directory.recover(console.notify, (JOURNAL_FILE, RECORDS_FILE, TIMINGS_FILE))
            newest = directory.stored()
            retry = frozenset(self.config.retry)
            self.stored = {k: s for k, s in newest.items() if s.status in KEPT_ON_RESUME and s.status not in retry}
            self._read_journal(newest)
            console.notify(
                f"resuming {directory.path}: {len(self.stored)} of {self.run.identity['plan']['count']} kept"
            )
        else:
            operation = self.config.operation()
            self.manifest = new_manifest(self.run.family.name, self.run.identity, operation, self.config.root)
            console.notify(f"run directory: {directory.path}")
        self.manifest["sessions"].append({"started_utc": utc(), "operation": self.config.operation()})
        self._write_inputs()
        directory.write_manifest(self.manifest)

    def _write_inputs(self) -> None:
        """Keep what the run was made from beside it, so that it can be judged, verified and shown elsewhere."""
        folder = self.directory.file(INPUTS_DIR)
        folder.mkdir(exist_ok=True)
        for name, data in self.run.family.inputs().items():
            write_atomic(folder / name, data)
        if self.run.tools is not None:
            write_atomic(folder / "tools.txt", self.run.tools.encode())

    def _read_journal(self, newest: Mapping[str, Stored]) -> None:
        """Index the recorded calls of what is to be played, and charge the budget with what was already spent."""
        prices = {model.label: model.price for model in self.run.cast.models()}
        wanted = {key for key in self.run.trial_keys() if key not in self.stored}

        def each(line: dict[str, Json]) -> None:
            if line["kind"] != "tool":
                price = prices.get(line["provider"])
                reply = line.get("reply")
                if price is not None:
                    self.budget.add_past(reply_from_json(reply).usage if reply else None, price)
            if line["trial"] in wanted and line["attempt"]:
                self.attempts[line["trial"]] = max(line["attempt"], self.attempts.get(line["trial"], 0))

        self.recorded.scan(wanted, each)
        for key in wanted & set(newest):
            again = 1 if newest[key].status in self.config.retry else 0
            self.attempts[key] = max(self.attempts.get(key, 0), newest[key].attempt + again)

    def _jobs(self) -> Iterator[Job]:
        for trial in self.run.family.trials():
            if trial.key not in self.stored:
                yield Job(trial, self.attempts.get(trial.key, 0))

    def _play(self, pending: int) -> Progress:
        run, config, directory = self.run, self.config, self.directory
        journal = AppendFile(directory.file(JOURNAL_FILE), config.fsync)
        records = AppendFile(directory.file(RECORDS_FILE), config.fsync)
        timings = AppendFile(directory.file(TIMINGS_FILE), False)
        with closing(journal), closing(records), closing(timings):
            wiring = Wiring(
                player=run.cast.player,
                judge=run.cast.judge,
                calculator=run.calculator,
                has_tools=run.tools is not None,
                budget=self.budget,
                gate=AllowAll(),
                journal=journal,
                recorded=self.recorded,
                stop=run.around.stop,
            )
            shown = ProgressLine(self.console, pending, wiring.activity, self.budget, time.perf_counter)

            def record(value: dict[str, Json], seconds: float) -> None:
                records.append(encode_line(value))
                run.family.write_bundle(directory.path, value)
                timing = {"key": value["key"], "attempt": value["attempt"], "seconds": round(seconds, 6)}
                timings.append(encode_line(timing))
                if config.progress:
                    shown.finished(value, seconds, runner.progress)

            hooks = Hooks(record=record, past=self._past, tick=shown.tick if config.progress else _ignore)
            runner = Runner(run.family, wiring, hooks, config.workers, config.continue_on_error)
            with catching_interrupts(run.around.stop, wiring.activity, self.console.warn):
                return runner.run(lanes(self._jobs()))

    def _past(self, trial: Trial) -> list[dict[str, Json]]:
        """Return the finished records of a trial's series that come before it, in plan order."""
        found = []
        for other in self.run.family.trials():
            if other.key == trial.key:
                break
            if other.series == trial.series and other.key in self.stored:
                found.append(self.directory.read_record(self.stored[other.key]))
        return found

    def _finish(self, progress: Progress) -> dict[str, Json]:
        """Rewrite the records in plan order and write everything that is derived from them."""
        run, directory = self.run, self.directory
        summary = Summary(directory.path, run.family, run.identity["plan"]["count"])
        exporters = run.family.exports(directory.path)

        def each(record: dict[str, Json]) -> None:
            summary.add(record)
            for exporter in exporters:
                exporter.add(record)
            if directory.resumed:  # a kill may have come between a record and its bundle
                run.family.write_bundle(directory.path, record)

        directory.finish(run.trial_keys(), each)
        for exporter in exporters:
            exporter.close()
        identity = run.identity
        whole = summary.close(
            {
                "arena_version": self.manifest["arena_version"],
                "family": run.family.name,
                "identity_sha256": identity["sha256"],
                "models": identity["models"],
                "calculator": identity["calculator"],
                "rules": identity["rules"],
                "cost_usd": self._cost(),
            }
        )
        self.manifest["sessions"][-1] |= {
            "ended_utc": utc(),
            "seconds": round(time.perf_counter() - self.started, 3),
            "playing_seconds": round(self.playing_seconds, 3),
            "played": progress.finished,
            "stopped_by": progress.stopped_by,
        }
        directory.write_manifest(self.manifest)
        return whole

    def _cost(self) -> dict[str, Json]:
        """Return what the run cost as far as prices are known; `unpriced` names the models that are not counted."""
        return {"usd": round(self.budget.spent()["cost_usd"], 6), "unpriced": list(self.run.cast.unpriced)}

    def _report(self, summary: dict[str, Json], progress: Progress, pending: int) -> int:
        """Say how it ended and return the exit code."""
        console, path = self.console, self.directory.path
        text = json.dumps(summary, ensure_ascii=False) if self.config.json else summary_text(summary, path)
        if self.config.json or not self.config.quiet:
            console.result(text)
        again = f"go on with: python3 -m arena.run --resume --out {path} and the same settings"
        if progress.stopped_by == "interrupted" or self.run.around.stop.is_set():
            console.warn(f"interrupted; nothing that was answered is lost; {again}")
            return EXIT_INTERRUPTED
        if progress.stopped_by == "budget" or summary["statuses"]["limit"]:
            console.warn(f"{self.budget.hit or 'a budget ceiling stopped matches'}; {again} and a higher ceiling")
            if self.config.fail_on_budget:
                return EXIT_BUDGET
        if summary["statuses"]["error"]:
            console.warn(f"{summary['statuses']['error']} matches ended in an error, which is not a score; {again}")
            return EXIT_ERRORS
        if pending and not progress.finished and progress.stopped_by != "budget":
            console.warn("nothing was played")
            return EXIT_ERRORS
        return EXIT_OK


def _ignore(progress: Progress) -> None:
    """Show nothing."""
