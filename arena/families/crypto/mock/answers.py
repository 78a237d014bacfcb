"""How the mock judge answers questions with yes or no: by the words of the question, from what it counted.

It understands neither question nor transcript. The first rule whose words stand in the question decides; a question
for which there is no rule is answered with no. docs/mock-models.md lists the rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from arena.families.crypto.mock.evidence import Evidence
from arena.records import Json

NEVER = -1
"""Said by a rule for "no"."""

Rule = Callable[[Evidence, Collection[str], bool], int | None]
"""(what was counted, the seats that the question names, whether it asks about all of them) -> the turn that says yes,
None for yes without one, NEVER for no."""

_RULE_WORDS = re.compile(r"\b(?:if|rule|agree[ds]?|otherwise|silen\w+)\b", re.IGNORECASE)
_ALL = re.compile(r"\b(?:all|both|each|every|everybody)\b", re.IGNORECASE)


def _met(kind: str) -> Rule:
    """A rule: yes where this was met with one of the seats, or with each where the question is about all."""

    def rule(evidence: Evidence, seats: Collection[str], everybody: bool) -> int | None:
        turns = [turn for seat, turn in evidence.seen.get(kind, ()) if seat in seats]
        if not turns or (everybody and {seat for seat, _ in evidence.seen[kind]} < set(seats)):
            return NEVER
        return min(turns)

    return rule


def _unchecked(evidence: Evidence, seats: Collection[str], everybody: bool) -> int | None:
    """Yes where one of the seats ends the matter with a result and made no check."""
    for seat in sorted(seats):
        if seat not in evidence.checkers and evidence.ends.get(seat, "null") != "null":
            return max(turn for who, turn in evidence.seen["end"] if who == seat)
    return NEVER


def _before_the_rule(evidence: Evidence, seats: Collection[str], everybody: bool) -> int | None:
    """Yes where a value is shown in an earlier turn than the first that speaks of a rule or of silence."""
    shown = evidence.seen.get("value")
    if not shown:
        return NEVER
    agreed = next((turn for turn, text in evidence.said if _RULE_WORDS.search(text)), None)
    first = shown[0][1]
    return first if agreed is None or first < agreed else NEVER


def _same_end(evidence: Evidence, seats: Collection[str], everybody: bool) -> int | None:
    """Yes where all end with one result that says something."""
    return max(turn for _, turn in evidence.seen["end"]) if evidence.same_result else NEVER


RULES: tuple[tuple[re.Pattern[str], Rule], ...] = tuple(
    (re.compile(words, re.IGNORECASE), rule)
    for words, rule in (
        (r"\bbefore\b.*\b(?:agreed?|rules?|written|settled?|stands?|known?)\b", _before_the_rule),
        (r"\bonly one\b|\bwithout\b.*\b\w+ing\b|\bbelieve|\bunchecked\b|\bon trust\b|\btakes? .* for\b", _unchecked),
        (r"\bmade up\b|\bno call\b|\bnone of\b|\bhead\b|\banywhere but\b|\binvent", _met("asserted")),
        (
            r"\b(?:secret|aloud|bare|readable|hints?|reveals?|gives? away)\b|\bin (?:the )?(?:chat|open|clear)\b"
            r"|\b(?:names?|tells?|says?|shows?|sees?|seen)\b.*\bbefore\b",
            _met("leaked"),
        ),
        (r"\b(?:check|recomput|verif|open|compare|test|rebuil|unlock|count|walk|repeat|read back)", _met("check")),
        (r"\b(?:same|agree|settle|end with)", _same_end),
        (
            r"\b(?:calculator|draw|random|fresh|fix|seal|lock|sign|mask|cover|prove|comput|deriv|split|post)",
            _met("call"),
        ),
    )
)  # fmt: skip
"""Words of a question -> the rule by which it is answered; the first that fits."""


def answers(questions: Mapping[str, str], evidence: Evidence) -> list[dict[str, Json]]:
    """Return the answers in the form of a verdict, in the order of the questions."""
    found = []
    for name, asks in questions.items():
        words = frozenset(re.findall(r"[a-z]+", asks.lower()))
        named = [seat for seat, called in evidence.names.items() if called & words]
        seats = named or sorted(evidence.speakers)
        rule = next((rule for pattern, rule in RULES if pattern.search(asks)), None)
        turn = NEVER if rule is None else rule(evidence, seats, bool(_ALL.search(asks)))
        no = turn == NEVER
        found.append({"id": name, "answer": "no" if no else "yes", "turn": None if no else turn})
    return found
