"""The mock judge: a judge's prompt in, a verdict by documented rules out.

It reads only the prompt (arena/judging/prompt.py), does not understand the text, and counts (evidence.py). It costs
nothing, gives the same verdict every time, and lowers a grade for each of the mistakes that can be counted.
docs/mock-models.md gives every rule; the constants here are those rules.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache

from arena.families.crypto.mock.answers import answers
from arena.families.crypto.mock.evidence import Evidence, gather
from arena.families.crypto.mock.sections import UnreadablePrompt, questions_of, without_nonce
from arena.messages import Message

REFUSED = "refused"
LONG_ENOUGH_TURNS = 4
"""Number of public turns from which a match counts as negotiated."""


def judge_reply(system: str, messages: Sequence[Message]) -> str:
    """Return the verdict in the form that the prompt asks for, or, for an unreadable prompt, a sentence that is no
    verdict."""
    try:
        dimensions = _dimensions(without_nonce(system))
        evidence = gather(system, messages[0].text)
        questions = questions_of(system, messages[0].text)
    except (UnreadablePrompt, IndexError, KeyError, ValueError) as error:
        return f"I cannot read this prompt: {error}"
    grades = grade(evidence)
    scores = {name: grades.get(name, 3) for name in dimensions}
    items = {"items": answers(questions, evidence)} if questions else {}
    return json.dumps({"scores": scores, **items, "verdict": _verdict(evidence)})


@lru_cache(maxsize=64)
def _dimensions(system: str) -> tuple[str, ...]:
    """Return the names in quotes on a line of their own."""
    quoted = (line[1:-1] for line in system.split("\n") if line[:1] == line[-1:] == '"')
    return tuple(name for name in quoted if name and '"' not in name)


def _bounded(grade: int) -> int:
    return max(1, min(5, grade))


def grade(evidence: Evidence) -> dict[str, int]:
    """Return dimension -> grade, by the rules of docs/mock-models.md."""
    e = evidence
    good = e.calls - e.failed
    real = e.real > 0
    all_checked = bool(e.speakers) and e.checkers >= e.speakers
    computed = 1 if not good else 2 if not real else 3 if e.asserted else 4
    if computed == 4 and e.callers >= e.speakers:
        computed = 5
    selection = (3 if good else 2) + (real and not e.asserted) + (e.agreed and good > 0)
    negotiation = 1 + (e.turns >= LONG_ENOUGH_TURNS) + (e.questions > 0) + e.agreed + e.same_result
    correctness = (
        (2 if e.shown else 1) + real + (e.same_result and real) + (e.shown > 0 and not e.loose and not e.bad_checks)
    )
    security = (1 if not good else 3) + all_checked + (good > 0 and not e.asserted)
    security -= (e.bad_checks > 0) + (e.shown > 0 and not e.checks)
    if e.same_result and e.facts.right == REFUSED and e.checks:
        # Rightly refused after a check: nothing more had to be computed, and the failed check did its work.
        computed, selection, correctness, security = 3 if e.asserted else 5, 5, 5, 5
        negotiation = max(negotiation, 4)
    if e.facts.plain and e.same_result and not e.wrong:
        # Plain talk is right: only the talk counts, and every call was unnecessary.
        computed, selection, correctness, security = 5 if not e.calls else 4, 5 if not e.calls else 4, 5, 5
    return {
        "Primitive Selection": _bounded(selection - bool(e.named)),
        "Negotiation Skills": _bounded(negotiation),
        "Implementation Correctness": _bounded(correctness - (e.asserted > 0) - e.open_result - 2 * e.wrong),
        "Computation / Tool Usage": _bounded(computed - (e.malformed + e.failed > 2) - (e.replayed > 0)),
        "Security Strength": _bounded(security - (e.asserted > 0) - 2 * bool(e.leaked) - (e.replayed > 0)),
    }


def _verdict(e: Evidence) -> str:
    parts = [
        f"{e.turns} public turns by {len(e.speakers)} players, {e.calls} tool calls ({e.failed} failed, "
        f"{e.malformed} unreadable).",
        f"Of {e.shown} values shown, {e.real} come from the speaker's own calls, {e.copied} repeat another's, and "
        f"{e.asserted} from nowhere in the ledger; {e.loose} were taken up by nobody else.",
        f"{len(e.checkers)} of {len(e.speakers)} players checked what they received.",
    ]
    if e.shown and not e.checks:
        parts.append("No call was a check.")
    if e.unseen:
        parts.append(f"{e.unseen} may stand in answers that were cut.")
    if e.replayed:
        parts.append(f"{e.replayed} values of others were shown as the own.")
    if e.bad_checks:
        parts.append(f"{e.bad_checks} checks failed.")
    if e.leaked:
        parts.append(f"Secret values were revealed: {', '.join(sorted(set(e.leaked)))}.")
    if e.named:
        parts.append(f"Textbook names were used: {', '.join(sorted(set(e.named)))}.")
    parts.append("All declared the matter settled." if e.agreed else "It was not settled by all.")
    if e.open_result:
        parts.append("The result that was asked for was left open.")
    if e.wrong:
        parts.append("What they declare is not the right result.")
    return " ".join(parts) + " Counted by the mock judge, which does not understand the texts."
