"""What another policy would have decided: recorded calls are decided again from their facts; no model is asked.

What a model was sent is not in the journal, only its digest. Decisions before a model call therefore need `sent`, which
finds the text; without it they are counted as not comparable where either policy looks at the text, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from arena.policy.conditions import Compare, TextContains, TextMatches, leaves
from arena.policy.gates import CallFacts, Decision
from arena.policy.policy_gate import GATED_KINDS, PolicyGate, PolicyTrialGate
from arena.policy.rules import Policy
from arena.records import Json, Trial
from arena.store.calls import CallLine
from arena.store.journal import dumps

Sent = Callable[[CallLine], str | None]
"""Journal line of a model call -> the last message that was sent; None where it is not known."""

_TEXT_FACTS = frozenset({"text", "text_lower", "amount", "amounts"})


def unknown_text(line: CallLine) -> str | None:
    """Know of no text that was sent."""
    return None


@dataclass(frozen=True, slots=True)
class Flip:
    """One decision that would be another one."""

    trial: str
    cell: Mapping[str, str]
    facts: CallFacts
    old: Decision
    new: Decision


@dataclass(slots=True)
class PolicyDiff:
    """What a comparison found. `compared` decisions, `unknown` ones that need a text that is not recorded."""

    compared: int = 0
    unknown: int = 0
    flips: list[Flip] = field(default_factory=list)

    def by(self, label: str) -> dict[str, dict[str, int]]:
        """Return value of a cell label -> `old->new` verdict -> how many decisions."""
        found: dict[str, dict[str, int]] = {}
        for flip in self.flips:
            group = found.setdefault(flip.cell.get(label, ""), {})
            change = f"{flip.old.effective}->{flip.new.effective}"
            group[change] = group.get(change, 0) + 1
        return {name: dict(sorted(group.items())) for name, group in sorted(found.items())}


def diff(
    old: Policy, new: Policy, trials: Iterable[tuple[Trial, Iterable[CallLine]]], sent: Sent = unknown_text
) -> PolicyDiff:
    """Decide the recorded calls of each trial by both policies; `trials`: each with its journal lines, in order.

    Calls that were denied then and made no further ones are compared as far as they go.
    """
    found = PolicyDiff()
    reads_text = _reads_text(old) or _reads_text(new)
    for trial, lines in trials:
        gates = [PolicyTrialGate(PolicyGate(policy), trial) for policy in (old, new)]
        for line in lines:
            for facts, known in facts_of_line(line, sent):
                before, after = (gate.decide(facts) for gate in gates)
                if not known and reads_text:
                    found.unknown += 1
                    continue
                found.compared += 1
                if before.effective != after.effective:
                    found.flips.append(Flip(trial.key, dict(trial.cell), facts, before, after))
    return found


def facts_of_line(line: CallLine, sent: Sent = unknown_text) -> Iterator[tuple[CallFacts, bool]]:
    """Yield the facts of the decisions about a recorded call, and whether their text is known."""
    kind = line.kind
    if kind not in GATED_KINDS or line.fault is not None:
        return
    place = kind, line.seat, line.turn, line.step
    tool: tuple[str | None, Json] = (line.op, line.args) if kind == "tool" else (None, None)
    text = sent(line) if kind == "model" else ""
    yield CallFacts("before", *place, text or "", *tool), text is not None
    if line.answer is not None:
        yield CallFacts("after", *place, dumps(line.answer), *tool), True
    elif line.reply is not None:
        yield CallFacts("after", *place, line.reply.text), True


def _reads_text(policy: Policy) -> bool:
    """Whether a rule for model calls before they are made looks at their text."""
    for rule in policy.rules["pre_call"]:
        if "model" not in rule.calls:
            continue
        for condition in (rule.applies_if, *(action.condition for action in rule.actions)):
            for leaf in leaves(condition):
                if isinstance(leaf, TextContains | TextMatches):
                    return True
                if isinstance(leaf, Compare) and leaf.path[0] in _TEXT_FACTS:
                    return True
    return False


def redecide(policy: Policy, trial: Trial, line_facts: Iterable[tuple[CallFacts, Decision]]) -> Iterator[str]:
    """Decide recorded decisions again; yield a sentence for each that comes out otherwise.

    `line_facts`: the facts of each decision of one trial in their order, with their texts, and what was recorded.
    """
    gate = PolicyTrialGate(PolicyGate(policy), trial)
    for facts, recorded in line_facts:
        again = gate.decide(facts)
        if again != recorded:
            place = f"{facts.phase} the {facts.kind} call of {facts.seat} at turn {facts.turn}, step {facts.step}"
            yield (
                f"{place}: recorded {recorded.verdict} by {recorded.rule_id}, decided again {again.verdict} by"
                f" {again.rule_id}"
            )
