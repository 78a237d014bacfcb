"""The mock judge's answers to yes-or-no questions: from its counts, chosen by the words of the question.

The judge understands neither the question nor the transcript. The first rule whose words occur in the question decides.
A question without a rule is answered with no. docs/mock-models.md lists the rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import NamedTuple

from arena.families.crypto.mock.evidence import Evidence
from arena.records import Json

NEVER = -1
"""A rule gives this for "no"."""


class Question(NamedTuple):
    """`seats`: those that the question names; all if it names none. `everybody`: whether it asks about each of them."""

    seats: Collection[str]
    everybody: bool


Rule = Callable[[Evidence, Question], int | None]
"""A rule: question and counts -> the turn that shows a yes, None for yes without a turn, NEVER for no."""

_RULE_WORDS = re.compile(r"\b(?:if|rule|agree[ds]?|otherwise|silen\w+)\b", re.IGNORECASE)
_ALL = re.compile(r"\b(?:all|both|each|every|everybody)\b", re.IGNORECASE)
_OPEN_ENDS = (None, "null", '"refused"')
"""Declared results (JSON) by which a seat accepts nothing."""


def _met(kind: str) -> Rule:
    """Return a rule: yes if one of the seats did this, or each of them if the question is about all."""

    def rule(evidence: Evidence, asked: Question) -> int | None:
        found = [(seat, turn) for seat, turn in evidence.seen.get(kind, ()) if seat in asked.seats]
        if not found or (asked.everybody and len({seat for seat, _ in found}) < len(asked.seats)):
            return NEVER
        return min(turn for _, turn in found)

    return rule


def _lacking(done_by: Callable[[Evidence], Collection[str]]) -> Rule:
    """Return a rule: yes if a seat accepted a result although none of the seats did what `done_by` names (or not each
    of them, if the question is about all)."""

    def rule(evidence: Evidence, asked: Question) -> int | None:
        ended = [turn for seat, turn in evidence.seen.get("end", ()) if evidence.ends.get(seat) not in _OPEN_ENDS]
        did = set(asked.seats) & set(done_by(evidence))
        enough = len(did) == len(asked.seats) if asked.everybody else bool(did)
        return NEVER if enough or not ended else max(ended)

    return rule


def _alone(evidence: Evidence, asked: Question) -> int | None:
    """Yes if all seats end with the same result, and at most one seat made a call."""
    return _same_end(evidence, asked) if len(evidence.callers) < 2 else NEVER


def _before_the_rule(evidence: Evidence, asked: Question) -> int | None:
    """Yes if a speaker shows a value of its own calls before the first turn that mentions a rule or silence."""
    shown = evidence.seen.get("value")
    if not shown:
        return NEVER
    agreed = next((turn for turn, text in evidence.said if _RULE_WORDS.search(text)), None)
    first = shown[0][1]
    return first if agreed is None or first < agreed else NEVER


def _same_end(evidence: Evidence, asked: Question) -> int | None:
    """Yes if all seats end with the same result, which is not empty."""
    return max(turn for _, turn in evidence.seen["end"]) if evidence.same_result else NEVER


_NOT = r"\b(?:without|although|nobody|nothing|not|no|neither|never|believed?|unchecked)\b"
_CHECKING = r"\b(?:check|recomput|verif|compar|rebuil|opening|test|walk|repeat|work)"
_PLAIN = rf"^(?!.*(?:{_NOT}|\b(?:only|alone|before|instead|than|could|lacks?|out|yet|after)\b))"
"""Words of questions that ask whether something was done, without suspecting anybody."""

RULES: tuple[tuple[re.Pattern[str], Rule], ...] = tuple(
    (re.compile(words, re.IGNORECASE), rule)
    for words, rule in (
        (r"\bbefore\b.*\b(?:agreed?|rules?|written down|settled|stands?)\b", _before_the_rule),
        (r"\bonly one\b|\balone\b|\bone person\b", _alone),
        (rf"{_NOT}.*\brandom\b|\bin the head\b", _lacking(lambda e: [seat for seat, _ in e.seen.get("drawn", ())])),
        (rf"{_NOT}.*{_CHECKING}|\bon trust\b", _lacking(lambda e: e.checkers)),
        (
            rf"^Do(?:es)? (?!.*{_NOT}).*\b(?:opens?|checks?|counts?|verif|walks?|recomput).*\bcalculator\b",
            _met("check"),
        ),
        (r"\bmade up\b|\bno call\b|\bnone of\b|\banywhere but\b", _met("asserted")),
        (
            r"\b(?:secret|aloud|bare|readable|hints?|reveals?|gives? away)\b|\bin (?:the )?(?:chat|open|clear)\b"
            r"|\b(?:names?|tells?|says?|said|told|shows?|sees?|seen)\b",
            _met("leaked"),
        ),
        (rf"{_PLAIN}.*(?:{_CHECKING}|\b(?:opens?|unlocks?|counts?|reads? back)\b)", _met("check")),
        (rf"{_PLAIN}.*\b(?:same|agree|settle|end with)", _same_end),
        (rf"{_PLAIN}.*\b(?:calculator|draw|random|fresh|fix|seal|lock|sign|cover|prove|comput|post)", _met("call")),
    )
)
"""Words of a question -> the rule that answers it. The first match counts."""


@lru_cache(maxsize=2048)
def _asked(asks: str) -> tuple[frozenset[str], Rule | None, bool]:
    """Return the words of a question, its rule, and whether it asks about everybody; every match of a challenge asks
    the same ones."""
    rule = next((rule for pattern, rule in RULES if pattern.search(asks)), None)
    return frozenset(re.findall(r"[a-z]+", asks.lower())), rule, _ALL.search(asks) is not None


def answers(questions: Mapping[str, str], evidence: Evidence) -> list[dict[str, Json]]:
    """Return the answers in the form of a verdict, in the order of the questions."""
    found = []
    for name, asks in questions.items():
        words, rule, everybody = _asked(asks)
        seats = [seat for seat, called in evidence.names.items() if called & words] or sorted(evidence.speakers)
        turn = NEVER if rule is None else rule(evidence, Question(seats, everybody))
        no = turn == NEVER
        found.append({"id": name, "answer": "no" if no else "yes", "turn": None if no else turn})
    return found
