"""Write the results of a folder again: from the records if it is a run of the arena, else from its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from arena.analysis.risk.results import Options, Results, stored_head, write_results
from arena.analysis.risk.rows_file import experiments_in
from arena.analysis.risk.rows_of_run import RowWriter, RunRows
from arena.engine.finished import family_of_run, open_run, opened
from arena.errors import DataError, Issue
from arena.families.risk.family import GATES_INPUT, RiskFamily
from arena.families.risk.spec import SPEC
from arena.policy.evaluator import Evaluator
from arena.policy.gate_times import GATE_TIMES_FILE, GateTimes, add_gate_times, read_gate_times
from arena.policy.gates_file import policy_text, read_policy
from arena.policy.rules import Rule
from arena.records import Json
from arena.store.digests import DIGESTS_FILE, renew
from arena.store.files import require_plain
from arena.store.rundir import INPUTS_DIR, MANIFEST_FILE


def rebuild(
    folder: Path,
    options: Callable[[Sequence[Rule]], Options],
    evaluator: Evaluator | None = None,
    times: GateTimes | None = None,
    written: RowWriter | None = None,
) -> tuple[Results, dict[str, Json]]:
    """Write rows and results of a folder; return them and the head of run.json.

    `options` makes the options of the policy's rules.  `evaluator`: rules by which a run of the arena is judged again.
    `times`: of the gate's decisions in the session that has just ended.  `written`: the writer that has just made the
    rows.  The time of the gates is that of all sessions; of a run without gate_times.json that of an earlier run.json.
    Errors: UsageError, DataError for a folder that is not a run, or is damaged.
    """
    stored = stored_head(folder)
    head, tally = stored, None
    if (folder / MANIFEST_FILE).is_file():
        rows = rows_of(folder, evaluator) if written is None else RunRows(opened(folder), written.family)
        rows.write(written)
        head = rows.head()
        require_plain(folder)
        if times is not None:
            add_gate_times(folder, times)
        head["gate_latency"] = read_gate_times(folder).latency_ms() or stored.get("gate_latency")
        tally = rows.tally(experiments_in(folder))
    results = write_results(folder, head, options(rules_of(folder)), tally)
    if (folder / DIGESTS_FILE).is_file():
        renew(folder, (*results.files, GATE_TIMES_FILE))
    return results, head


def rows_of(folder: Path, evaluator: Evaluator | None = None) -> RunRows:
    """Return the rows of a run of the arena. Errors: DataError for a damaged run, one of another family, or one that
    scored another run again: the calls of its trials are in the journal of that run."""
    run = open_run(folder)
    if run.manifest.family != SPEC.name:
        message = f"is a run of the family {run.manifest.family}; use `arena report` for it"
        raise DataError([Issue(str(folder / MANIFEST_FILE), "/family", message)])
    if run.manifest.identity.source is not None:
        message = "scored another run again, so it has no calls to make rows of; use `arena report` for it"
        raise DataError([Issue(str(folder / MANIFEST_FILE), "/identity/source", message)])
    family = family_of_run(folder, run.identity)
    assert isinstance(family, RiskFamily)
    return RunRows(run, family, evaluator)


def rules_of(folder: Path) -> tuple[Rule, ...]:
    """Return the rules of the policy that a run keeps; none if it keeps none. Errors: DataError."""
    path = folder / INPUTS_DIR / GATES_INPUT
    return read_policy(policy_text(path), str(path), {}).all_rules() if path.is_file() else ()
