"""Decide the recorded calls of a run again: by its own policy, to verify it, or by two others, to see which verdicts
flip.

Both are gates of a run that is replayed from its journal. A recalled decision comes with all facts of its call, so it
can be made again. Nothing is called, and the trial continues as recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from arena.policy.gates import ALLOW, AllowAll, CallFacts, Decision, Gate, TrialGate
from arena.policy.policy_gate import PolicyGate, PolicyTrialGate
from arena.policy.rules import Policy
from arena.records import Json, Trial

Tell = Callable[[Trial, CallFacts, Decision, Decision], None]
"""Called for a decision that differs: trial, call, recorded decision, new decision."""


class DecidedAgain:
    """The gate of a run that is verified: repeats every recorded decision and reports each that differs."""

    def __init__(self, gate: PolicyGate | AllowAll, tell: Tell) -> None:
        self.gate = gate
        self.tell = tell
        self.decided = 0

    @property
    def name(self) -> str:
        return self.gate.name

    @property
    def limits(self) -> Mapping[str, int]:
        return self.gate.limits

    def identity(self) -> Mapping[str, Json]:
        return self.gate.identity()

    def inputs(self) -> Mapping[str, bytes]:
        return self.gate.inputs()

    def open(self, trial: Trial) -> TrialGate:
        return _TrialAgain(self, trial)


class _TrialAgain:
    def __init__(self, run: DecidedAgain, trial: Trial) -> None:
        self._run, self._trial = run, trial
        self._gate = run.gate.open(trial)

    def decide(self, facts: CallFacts) -> Decision:
        """Decide about a call without an answer in the journal, as the run did."""
        return self._gate.decide(facts)

    def recall(self, facts: CallFacts, decision: Decision) -> None:
        gate = self._gate
        again = gate.decide_again(facts, decision) if isinstance(gate, PolicyTrialGate) else ALLOW
        self._run.decided += again is not ALLOW
        if again != decision:
            self._run.tell(self._trial, facts, decision, again)


class Flip(NamedTuple):
    """One decision that would be different."""

    trial: str
    cell: Mapping[str, str]
    facts: CallFacts
    old: Decision
    new: Decision


@dataclass(slots=True)
class PolicyDiff:
    """The result of a comparison: how many decisions were `compared`, and the `flips`."""

    compared: int = 0
    flips: list[Flip] = field(default_factory=list)

    def by(self, label: str) -> dict[str, dict[str, int]]:
        """Return value of a cell label -> `old->new` verdict -> how many decisions."""
        found: dict[str, dict[str, int]] = {}
        for flip in self.flips:
            group = found.setdefault(flip.cell.get(label, ""), {})
            change = f"{flip.old.effective}->{flip.new.effective}"
            group[change] = group.get(change, 0) + 1
        return {name: dict(sorted(group.items())) for name, group in sorted(found.items())}


class Compared:
    """The gate of a run on which two policies are compared. It decides nothing itself: calls proceed as recorded.

    Trials without gates (`gated: false`) are skipped.
    """

    name = "compared"

    def __init__(self, old: Policy, new: Policy, found: PolicyDiff) -> None:
        self.gates: Sequence[Gate] = (PolicyGate(old), PolicyGate(new))
        self.found = found

    @property
    def limits(self) -> Mapping[str, int]:
        return {}

    def identity(self) -> Mapping[str, Json]:
        return {"name": self.name}

    def inputs(self) -> Mapping[str, bytes]:
        return {}

    def open(self, trial: Trial) -> TrialGate:
        return _TrialCompared(self, trial)


class _TrialCompared:
    """Two policies in one trial. Each remembers its own decisions, so that a denied call does not count as made."""

    def __init__(self, run: Compared, trial: Trial) -> None:
        self._found, self._trial = run.found, trial
        self._gates = [gate.open(trial) for gate in run.gates]

    def decide(self, facts: CallFacts) -> Decision:
        """Allow a call that has no answer in the journal: it is not compared."""
        return ALLOW

    def recall(self, facts: CallFacts, decision: Decision) -> None:
        old, new = (gate.decide(facts) for gate in self._gates)
        if old is ALLOW and new is ALLOW:  # neither is asked: a judge's call, or a trial that is let alone
            return
        self._found.compared += 1
        if old.effective != new.effective:
            self._found.flips.append(Flip(self._trial.key, dict(self._trial.cell), facts, old, new))
