"""Reads a finished transcript: labels, decision, the message that counts, the answers. Pure.

Protocols and methods are read by one label parser.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from arena.families.cheaptalk.claim import Label
from arena.families.cheaptalk.declared import declared
from arena.families.cheaptalk.detail import MethodDetail, Read
from arena.families.cheaptalk.labels import Reading, read_label
from arena.families.cheaptalk.protocols import self_refine
from arena.families.cheaptalk.protocols.protocol import said
from arena.families.cheaptalk.scene import ALONE, RECEIVER, SENDER, SOLVER
from arena.records import Transcript

NOT_WRITTEN = "not_written"
"""Why there is no label of a seat that never wrote, for a refusal or a budget."""

DECISIONS = ("ACCEPT", "REJECT", "REQUEST_MORE_EVIDENCE")
_NUMBERED = re.compile(r"^\s*(?:[*_]{0,2})\(?\d{1,2}[.):]\s*", re.M)


@dataclass(frozen=True, slots=True)
class Heard:
    """The values read, and the texts of the evidence and the answers."""

    read: Read
    message: str
    answers: tuple[str, ...] | None
    method: MethodDetail | None


def read_talk(transcript: Transcript, messages: int, asks: bool) -> Heard:
    """Read an episode of a sender and a receiver: the last of its `messages` is the decision, and no other is.

    `asks`: the sender's second message answers questions.
    """
    mine, theirs, alone = (said(transcript, seat) for seat in (SENDER, RECEIVER, ALONE))
    last = theirs[-1] if theirs and len(mine) + len(theirs) >= messages else None
    message = mine[0] if mine else ""
    read = _read(last, message if mine else None, alone[0] if alone else None, len(mine) + len(theirs))
    answers = tuple(split_answers(mine[1])) if asks and len(mine) > 1 else None
    return Heard(read, message, answers, None)


def read_method(kind: str, transcript: Transcript) -> Heard:
    """Read an episode of one model: the majority of its samples, or its last revision."""
    texts = said(transcript, SOLVER)
    own = texts[::2] if kind.startswith(self_refine.KIND) else texts
    labels = [read_label(text).label for text in own]
    if kind.startswith(self_refine.KIND):
        chosen = own[-1] if own else None
    else:
        won = majority(labels)
        chosen = own[labels.index(won)] if own else None
    votes = Counter(label.value for label in labels if label is not None)
    most = max(votes.values(), default=0)
    detail = MethodDetail(tuple(labels), dict(votes), most, most / len(labels) if labels else None)
    return Heard(_read(chosen, chosen, None, len(texts)), chosen or "", None, detail)


def majority(labels: Sequence[Label | None]) -> Label | None:
    """Return the label with most votes, the first among equals; None only if no sample could be read."""
    votes = Counter(label for label in labels if label is not None)
    return max(votes, key=lambda label: votes[label]) if votes else None


def _read(decided: str | None, message: str | None, alone: str | None, messages: int) -> Read:
    predicted, asserted, belief = (_reading(text) for text in (decided, message, alone))
    return Read(
        predicted=predicted[0],
        predicted_unread=predicted[1],
        asserted=asserted[0],
        asserted_unread=asserted[1],
        belief=belief[0],
        belief_unread=belief[1],
        decision=decision_of(decided) if decided else "",
        messages=messages,
    )


def _reading(text: str | None) -> tuple[Label | None, str]:
    if text is None:
        return None, NOT_WRITTEN
    found: Reading = read_label(text)
    return found.label, found.unread or ""


@lru_cache(maxsize=16_384)
def decision_of(reply: str) -> str:
    """Return the word of the Decision field; empty if it is none of the three."""
    for item in declared(reply, ("Decision",)):
        word = re.sub(r"[\s-]+", "_", item.value.strip(" *_.").upper())
        if word in DECISIONS:
            return word
    return ""


def split_answers(text: str) -> list[str]:
    """Return numbered answers one by one; a text without numbers is one answer."""
    parts = [part.strip() for part in _NUMBERED.split(text)]
    return [part for part in parts if part] or [text]
