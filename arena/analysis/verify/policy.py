"""The policy of a run: check the gates file in inputs/ against the identity."""

from __future__ import annotations

from arena.analysis.verify.problems import Problems
from arena.errors import DataError, Issue
from arena.formats.bounded import read_file
from arena.formats.strict_json import MAX_BYTES
from arena.policy.gates import ALLOW_ALL, AllowAll
from arena.policy.gates_file import GATES_INPUT, stored_policy
from arena.policy.policy_gate import PolicyGate
from arena.store.finished_run import FinishedRun
from arena.store.rundir import INPUTS_DIR, MANIFEST_FILE, differences

_FILE = f"{INPUTS_DIR}/{GATES_INPUT}"


def stored_gate(run: FinishedRun, problems: Problems) -> PolicyGate | AllowAll | None:
    """Return the policy for repeating a run's decisions; None if it is not available, which is a problem, or
    a note of a policy that is not a file."""
    identity = run.manifest.identity.policy
    path = run.path / _FILE
    if "sha256" not in identity:
        if path.exists():
            problems.add(_FILE, "", "belongs to no policy that the identity names")
        if identity.get("name") == ALLOW_ALL:
            return AllowAll()
        problems.notes.append(f"the policy {identity.get('name')} is not a file: its decisions were not repeated")
        return None
    with problems.guard(MANIFEST_FILE, "/identity/policy"):
        gate = policy_of_run(run)
        for line in differences(dict(identity), dict(gate.identity()), "/identity/policy"):
            problems.add(_FILE, "", f"is not the policy that the run names; {line}")
        return gate
    return None


def policy_of_run(run: FinishedRun) -> PolicyGate:
    """Return the policy that a run keeps in its inputs, in the mode of the run.

    Errors: DataError if it is missing or cannot be read, KeyError for an identity of another shape.
    """
    path = run.path / _FILE
    if not path.is_file():
        raise DataError([Issue(str(path), "", "is missing: the run names a policy, whose file is kept here")])
    text = read_file(path, MAX_BYTES).decode("utf-8", "replace")
    return PolicyGate(stored_policy(text, run.manifest.identity.policy))
