"""Which recorded decisions would another policy change? Runs are played again from their journals.

So each call has all its facts, the text that a model was sent too. No model and no tool is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from arena.analysis.verify.absent import Absent, context_again
from arena.analysis.verify.journal import Tally
from arena.engine.finished import family_of_run, open_run
from arena.engine.plan import Job, SeriesIndex, job_series
from arena.engine.runner import Hooks, Progress, Runner, When
from arena.errors import DataError, Issue
from arena.policy.again import Compared, PolicyDiff
from arena.policy.gates import Gate
from arena.policy.recorded_calls import RECORDED_CALLS, recall_file
from arena.policy.rules import Policy
from arena.records import Record, Stop, Trial
from arena.store.finished_run import FinishedRun
from arena.store.journal import JOURNAL_FILE, NOWHERE, AppendFile, JournalIndex, read_calls


def compare_policies(old: Policy, new: Policy, runs: Sequence[Path]) -> PolicyDiff:
    """Decide every recorded call of the runs, or of imported ones, by both policies.

    Errors: UsageError if it is not a run; DataError for a damaged run, and for one that does not follow from its
    journal here (its inputs, or the arena, are others).
    """
    found = PolicyDiff()
    gate = Compared(old, new, found)
    for path in runs:
        if (path / RECORDED_CALLS).is_file():  # an import, which has no journal
            recall_file(path / RECORDED_CALLS, gate)
        else:
            recall_decisions(open_run(path), gate)
    return found


def recall_decisions(run: FinishedRun, gate: Gate) -> None:
    """Play a run again from its journal and have `gate` recall each decision with the facts of its call.

    Errors: as of `compare_policies`.
    """
    family = family_of_run(run.path, run.identity)
    trials = {trial.key: trial for trial in family.trials()}
    journal, tally = JournalIndex(run.path / JOURNAL_FILE), Tally()
    for place, line in read_calls(journal.path):
        tally.take(line)
        if line.settled:
            journal.enter(line, place)
    # The newest record of each trial, as every table of the run has it.
    stored = {record.key: (record.attempt, record.status) for record in run.records}
    series = SeriesIndex(trials.values())

    def jobs() -> Iterator[Job]:
        for key, (attempt, _) in stored.items():
            if key in trials:
                yield Job(trials[key], attempt)

    def follows(played: Record, when: When, number: int) -> None:
        _, status = stored[played.key]
        if played.stop is Stop.JOURNAL and status in ("done", "aborted", "denied"):
            message = (
                f"{played.key}: does not follow from its calls here, so they cannot be decided again"
                f" ({played.transcript.detail}); `arena verify` lists the differences"
            )
            raise DataError([Issue(str(run.path / JOURNAL_FILE), "", message)])

    def earlier(trial: Trial) -> list[Record]:
        keys = [key for key in series.before(trial) if key in stored]
        return [record for record in run.records if record.key in keys] if keys else []

    sink = AppendFile(NOWHERE, False)
    try:
        absent = Absent(tally.faults, lambda key: trials[key].seed if key in trials else None)
        context = context_again(run, family, absent, journal, sink, gate)
        Runner(family, context, Hooks(follows, earlier, _ignore), 1, True).run(job_series(jobs()))
    finally:
        sink.close()


def _ignore(progress: Progress) -> None:
    """Show nothing."""
