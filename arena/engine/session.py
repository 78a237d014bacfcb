"""One process's work on a run: open or resume it, play what is to be played, write all results."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field

from arena.engine.build import Cast, Surroundings
from arena.engine.interrupt import catching_interrupts
from arena.engine.manifest import end_session, new_manifest, new_session, retry_generation, summary_head
from arena.engine.progress import Console, ProgressLine
from arena.engine.runner import Hooks, Job, Progress, Runner, lanes
from arena.engine.summary import Summary
from arena.families.contract import Family
from arena.messages import Calculator
from arena.play.limits import Budget, Limits
from arena.play.services import Activity, Wiring
from arena.policy.gates import AllowAll
from arena.records import KEPT_ON_RESUME, Json, Trial
from arena.settings.config import Config
from arena.settings.prices import FREE
from arena.store import digests
from arena.store.journal import JOURNAL_FILE, AppendFile, JournalIndex, encode_line, reply_from_json
from arena.store.rundir import INPUTS_DIR, RECORDS_FILE, TIMINGS_FILE, RunDir, Stored, write_atomic


@dataclass(slots=True)
class Run:
    """A run that is ready to be played: all inputs read and checked, nothing written yet.

    `resume_hint` tells a user how to go on with it.
    """

    family: Family
    config: Config
    around: Surroundings
    console: Console
    cast: Cast
    calculator: Calculator | None
    tools: str | None
    identity: dict[str, Json] = field(default_factory=dict)
    resume_hint: str = ""

    def trial_keys(self) -> Iterator[str]:
        return (trial.key for trial in self.family.trials())

    @property
    def planned(self) -> int:
        return int(self.identity["plan"]["count"])


@dataclass(slots=True)
class Done:
    """What a session came to."""

    summary: dict[str, Json]
    progress: Progress
    faults: dict[str, int]
    """What the errors of this session say -> how often."""
    budget: Budget


class Session:
    """Carries out a run in a run directory that this process holds."""

    def __init__(self, run: Run, directory: RunDir) -> None:
        self.run = run
        self.directory = directory
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
        self.kept: dict[str, Stored] = {}
        self.attempts: dict[str, int] = {}
        self.faults: dict[str, int] = {}
        self.recorded = JournalIndex(directory.file(JOURNAL_FILE))
        self.activity = Activity()
        self.started = time.perf_counter()

    def carry_out(self) -> Done:
        """Play what is to be played and write all results.

        Errors: DataError for a damaged run directory, ConfigError for a resume that would change the run,
        StorageFault when the disk does not take what is written.
        """
        if self.directory.resumed:
            self._resume()
        else:
            self._create()
        pending = self.run.planned - len(self.kept)
        progress = Progress()
        with catching_interrupts(self.run.around.stop, self.activity, self.run.resume_hint):
            began = time.perf_counter()
            if pending:
                progress = self._play(pending)
            else:
                self.run.console.notify("nothing to play: every match of the plan is already finished")
            played = time.perf_counter() - began
            summary = self._finish()
            end_session(self.manifest, progress, played, time.perf_counter() - self.started)
            self.directory.write_manifest(self.manifest)
            digests.write(self.directory.path)
        return Done(summary, progress, self.faults, self.budget)

    def _create(self) -> None:
        """Write the manifest and the inputs of a new run, in this order: what has a manifest can be resumed."""
        run = self.run
        self.manifest = new_manifest(run.family.name, run.identity, run.config)
        self.manifest["sessions"].append(new_session(run.config, run.calculator, 0))
        self.directory.write_manifest(self.manifest)
        self._write_inputs()
        run.console.notify(f"run directory: {self.directory.path}")

    def _resume(self) -> None:
        """Check that it is the same run, recover what a killed process left, and read what is already done."""
        run, directory, retry = self.run, self.directory, frozenset(self.run.config.retry)
        self.manifest = directory.read_manifest()
        directory.check_identity(self.manifest, run.identity)
        digests.discard(directory.path)
        directory.recover(run.console.notify, (JOURNAL_FILE, RECORDS_FILE, TIMINGS_FILE))
        newest = directory.stored()
        generation = retry_generation(self.manifest, bool(retry))
        for key, stored in newest.items():
            # A retry that was itself interrupted goes on: what it has already played anew is not played again.
            again = stored.status in retry and stored.attempt < generation
            if (stored.status in KEPT_ON_RESUME and not again) or key in run.family.settled:
                self.kept[key] = stored
            elif again:
                self.attempts[key] = generation
            else:
                self.attempts[key] = stored.attempt
        self._drop_what_builds_on_pending(newest)
        self._read_journal()
        self.manifest["sessions"].append(new_session(run.config, run.calculator, generation))
        directory.write_manifest(self.manifest)
        self._write_inputs()
        run.console.notify(f"resuming {directory.path}: {len(self.kept)} of {run.planned} kept")

    def _drop_what_builds_on_pending(self, newest: Mapping[str, Stored]) -> None:
        """Within a series, play again what comes after a trial that is to be played: it built on another past."""
        broken: set[str] = set()
        for trial in self.run.family.trials():
            if trial.series is None:
                continue
            if trial.key not in self.kept:
                broken.add(trial.series)
            elif trial.series in broken:
                del self.kept[trial.key]
                self.attempts[trial.key] = newest[trial.key].attempt + 1

    def _read_journal(self) -> None:
        """Index the recorded calls of what is to be played, and charge the budget with what was already spent."""
        prices = {model.label: model.price for model in self.run.cast.models()}
        wanted = {key for key in self.run.trial_keys() if key not in self.kept}

        def each(line: dict[str, Json]) -> None:
            if line["kind"] != "tool" and line["provider"] in prices:
                reply = line.get("reply")
                self.budget.add_past(reply_from_json(reply).usage if reply else None, prices[line["provider"]])

        self.recorded.scan(wanted, each)

    def _write_inputs(self) -> None:
        """Keep what the run was made from beside it, so that it can be judged, verified and shown elsewhere."""
        folder = self.directory.file(INPUTS_DIR)
        for name, data in self.run.family.inputs().items():
            write_atomic(folder / name, data, self.directory.path)
        if self.run.tools is not None:
            write_atomic(folder / "tools.txt", self.run.tools.encode(), self.directory.path)

    def _play(self, pending: int) -> Progress:
        run, config, directory = self.run, self.run.config, self.directory
        journal = AppendFile(directory.file(JOURNAL_FILE), config.fsync)
        records = AppendFile(directory.file(RECORDS_FILE), config.fsync)
        timings = AppendFile(directory.file(TIMINGS_FILE), False)
        with closing(journal), closing(records), closing(timings):
            wiring = Wiring(
                player=run.cast.player,
                judge=run.cast.judge,
                panel=run.cast.panel,
                calculator=run.calculator,
                has_tools=run.tools is not None,
                budget=self.budget,
                gate=AllowAll(),
                journal=journal,
                recorded=self.recorded,
                stop=run.around.stop,
                activity=self.activity,
            )
            shown = ProgressLine(run.console, pending, self.activity, self.budget, time.perf_counter)

            def record(value: dict[str, Json], seconds: float, finished: int) -> None:
                records.append(encode_line(value))
                run.family.write_bundle(directory.path, value)
                timing = {"key": value["key"], "attempt": value["attempt"], "seconds": round(seconds, 6)}
                timings.append(encode_line(timing))
                if value["status"] == "error" and value["key"] not in run.family.settled:
                    self.faults[value["detail"]] = self.faults.get(value["detail"], 0) + 1
                if config.progress:
                    shown.finished(value, seconds, finished)

            hooks = Hooks(
                record=record, past=self._past, tick=shown.tick if config.progress or run.console.live else _ignore
            )
            runner = Runner(run.family, wiring, hooks, min(config.workers, pending), config.continue_on_error)
            return runner.run(lanes(self._jobs()))

    def _jobs(self) -> Iterator[Job]:
        for trial in self.run.family.trials():
            if trial.key not in self.kept:
                yield Job(trial, self.attempts.get(trial.key, 0), trial.key in self.run.family.settled)

    def _past(self, trial: Trial, fresh: Mapping[str, dict[str, Json]]) -> list[dict[str, Json]]:
        """Return the records of a trial's series that come before it in plan order: kept ones, those of this lane."""
        found = []
        for other in self.run.family.trials():
            if other.key == trial.key:
                break
            if other.series == trial.series:
                kept = self.kept.get(other.key)
                found.append(self.directory.read_record(kept) if kept else fresh[other.key])
        return found

    def _finish(self) -> dict[str, Json]:
        """Rewrite the records in plan order and write everything that is derived from them; return the summary."""
        run, directory = self.run, self.directory
        summary = Summary(directory.path, run.family, run.planned)
        exporters = run.family.exports(directory.path)

        def each(record: dict[str, Json]) -> None:
            if directory.resumed:  # a kill may have come between a record and its bundle
                run.family.write_bundle(directory.path, record)
            summary.add(record)
            for exporter in exporters:
                exporter.add(record)

        directory.finish(run.trial_keys(), each)
        for exporter in exporters:
            exporter.close()
        priced = {model.label: model.price for model in run.cast.models() if model.price is not FREE}
        cost = {
            "usd": round(self.budget.spent()["cost_usd"], 6),
            "unpriced": list(run.cast.unpriced),
            "prices": {label: asdict(price) for label, price in sorted(priced.items())},
        }
        return summary.close(summary_head(self.manifest, run.family, cost))


def _ignore(progress: Progress) -> None:
    """Show nothing."""
