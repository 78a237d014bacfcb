"""The formats, and one import from files to rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from arena.errors import UsageError
from arena.families.risk.imports import agentdojo, tau2, tau_bench
from arena.families.risk.imports.agent_run import AgentRun, calls_of, trial_of
from arena.families.risk.imports.counts import counts, refuse_repeated
from arena.families.risk.imports.rows import decisions_of, row_of_import
from arena.formats.bounded import parse_json, read_file
from arena.formats.strict_json import IssueList
from arena.policy.evaluator import Evaluator
from arena.policy.policy_gate import PolicyGate
from arena.policy.recorded_calls import RECORDED_CALLS, line_of
from arena.policy.rules import DEFAULT_RULE
from arena.records import Json
from arena.store.files import AtomicFile, write_atomic
from arena.store.journal import encode_line
from arena.store.rundir import pretty_json

MAX_BYTES = 256 * 2**20
"""Bytes of one file that is imported: 1,000 long conversations have some 50 MB."""

ROWS, IMPORT = "rows.jsonl", "import.json"


class Format(NamedTuple):
    """A format: `read(value, issues, model, task) -> runs`; whether its files name the model."""

    read: Callable[[Json, IssueList, str, str], list[AgentRun]]
    names_model: bool
    summary: str


FORMATS: Mapping[str, Format] = {
    tau_bench.SOURCE: Format(tau_bench.read, False, "results of tau-bench: a list of runs"),
    tau2.SOURCE: Format(tau2.read, True, "results of tau2-bench: an object with simulations"),
    agentdojo.SOURCE: Format(agentdojo.read, True, "traces of AgentDojo: a run per file, or a list of runs"),
}
"""Name -> format. A new one is one file and one row."""


def read_runs(name: str, files: Sequence[Path], model: str, task: str) -> list[AgentRun]:
    """Return the runs of files of one format.

    Errors: DataError with all mistakes in a file, and for a (task, trial) that occurs twice; UsageError
    where nothing names the model.
    """
    format_ = FORMATS[name]
    if not model and not format_.names_model:
        raise UsageError(f"{name} files do not name the model: give --model NAME")
    runs: list[AgentRun] = []
    for file in files:
        issues = IssueList(str(file))
        runs += format_.read(parse_json(read_file(file, MAX_BYTES), str(file)), issues, model, task)
        issues.raise_if_any()
    issues = IssueList(", ".join(map(str, files)))
    refuse_repeated(runs, issues)
    if not runs:
        issues.add("", "there is no run to import")
    issues.raise_if_any()
    return runs


def write_import(
    name: str, runs: Sequence[AgentRun], out: Path, gate: PolicyGate | None, evaluator: Evaluator | None
) -> dict[str, Json]:
    """Write `<format>/rows.jsonl`, `import.json` and the recorded calls, and return the imported runs in figures.

    `gates.by_rule` counts the decisions that a rule made; the default of the policy made the others.

    Errors: UsageError if the folder is not empty.
    """
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; name a new folder with --out")
    (out / name).mkdir(parents=True, exist_ok=True)
    rows, calls = AtomicFile(out / name / ROWS), AtomicFile(out / RECORDED_CALLS)
    decided = {"pre": dict.fromkeys(("allow", "warn", "deny"), 0), "post": dict.fromkeys(("allow", "warn", "deny"), 0)}
    judged = {"pass": 0, "fail": 0}
    by_rule = 0
    try:
        for run in runs:
            trial = trial_of(run, name)
            noted = decisions_of(run, trial, gate)
            by_rule += sum(one.rule_id != DEFAULT_RULE for one in noted)
            row = row_of_import(run, trial, out.name, noted, evaluator)
            rows.write(encode_line(row))
            calls.write(line_of(trial, calls_of(run)))
            for stage, verdicts in decided.items():
                for verdict in verdicts:
                    verdicts[verdict] += (row["gates"] or {}).get(stage, {}).get(verdict, 0)
            if row["judged"] is not None:
                judged["pass" if row["judged"] else "fail"] += 1
        rows.close()
        calls.close()
    except BaseException:
        rows.discard()
        calls.discard()
        raise
    found = {
        "format": name,
        **counts(runs),
        "gates": None if gate is None else {**dict(gate.identity()), "decisions": decided, "by_rule": by_rule},
        "evaluator": None if evaluator is None else {"name": evaluator.name, "sha256": evaluator.digest, **judged},
    }
    write_atomic(out / IMPORT, pretty_json(found))
    return found
