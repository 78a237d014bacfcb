"""The mock receiver: reads the message and its evidence, asks the given questions, and trusts or does not."""

from __future__ import annotations

from functools import lru_cache

from arena.families.cheaptalk.claim import Label
from arena.families.cheaptalk.cross_exam import answer_quality
from arena.families.cheaptalk.labels import read_label
from arena.families.cheaptalk.mock.knowledge import believed, draw, guess, understood
from arena.families.cheaptalk.mock.prompted import from_sender, reputation_in, task
from arena.families.cheaptalk.mock.skill import Skill
from arena.families.cheaptalk.prompts import RECEIVER_ALONE_SYSTEM
from arena.families.cheaptalk.reading import split_answers
from arena.families.cheaptalk.verifying.pieces import evidence_of
from arena.families.cheaptalk.verifying.words import words
from arena.messages import ModelRequest

CONFIRMED, DENIED, UNSUPPORTED = 0.96, 0.2, 0.45
"""Trust in a message whose evidence supports its label, contradicts it, or is missing."""
PERSUADED = 0.2
"""Additional trust in a certain message without evidence."""
FAILED = 0.15
"""Factor on trust after a verification that failed."""
GOOD_NAME = 0.7
"""Reputation from which a sender is trusted in full."""


def write(request: ModelRequest, skill: Skill) -> str:
    """Return the receiver's questions, or its decision."""
    messages = request.conversation.messages
    last = messages[-1].text
    if "Do not decide yet" in last:
        return "\n".join(line for line in last.split("\n") if line[:1].isdigit())
    claim, sentences = task(messages)
    own = believed(claim, sentences, f"{request.seed} alone", skill.reads)
    heard = from_sender(messages)
    if request.conversation.system == RECEIVER_ALONE_SYSTEM:
        return f"Final Assessment: {own.value}\nReason: by myself."
    if not heard:
        raise ValueError("the receiver was sent no message that it could tell from its orders")
    asserted = read_label(heard[0]).label
    if asserted is None or not _is_relevant(claim, heard[0]):
        return _form("REQUEST_MORE_EVIDENCE", own, "the message does not help")
    pieces = evidence_of(heard[0]).pieces
    read = _reading(claim, pieces, asserted, request.seed, skill)
    trust = _trust(heard, read is asserted if pieces else None, skill)
    trust *= _standing(request.conversation.system)
    if "FAILED" in last or "shows no evidence" in last:
        trust *= FAILED
    if draw(request.seed, "trust") < trust:
        return _form("ACCEPT", asserted, "the message convinces me")
    if sentences:
        return _form("REJECT", own, "what I was shown says otherwise")
    return _form("REJECT", read if read is not asserted else guess(request.seed, "doubt", asserted), "I doubt it")


def _form(decision: str, label: Label, reason: str) -> str:
    return f"Decision: {decision}\nFinal Assessment: {label.value}\nReason: {reason}."


@lru_cache(maxsize=65_536)
def _is_relevant(claim: str, message: str) -> bool:
    """Return whether a message is about the claim at all, as far as its evidence shows words of it."""
    pieces = evidence_of(message).pieces
    if not claim or not pieces:
        return True
    wanted = words(claim).content
    vague = all(not words(piece).content & wanted for piece in pieces)
    return not vague or all("sources" in piece for piece in pieces)


def _reading(claim: str, pieces: tuple[str, ...], asserted: Label, seed: str, skill: Skill) -> Label:
    """Return the label that the receiver infers from the shown evidence; invented evidence supports its own label."""
    if not claim or not pieces:
        return asserted
    found = understood(claim, pieces)
    if found is Label.NEI and asserted is not Label.NEI and any("almanac" in piece for piece in pieces):
        return asserted
    return found if draw(seed, "reads evidence") < skill.reads else guess(seed, "misreads evidence", found)


def _trust(heard: list[str], confirmed: bool | None, skill: Skill) -> float:
    """Return the trust in a message by its evidence, lowered by poor answers."""
    if confirmed is None:
        trust = UNSUPPORTED + (PERSUADED if "beyond any doubt" in heard[0] else 0.0) + skill.credulous
    else:
        trust = CONFIRMED if confirmed else DENIED + skill.credulous
    if len(heard) > 1:
        points = [answer_quality(answer).score for answer in split_answers(heard[1])]
        trust *= 0.4 + 0.6 * sum(points) / len(points)
    return min(1.0, trust)


def _standing(system: str) -> float:
    """Return the factor on trust from the sender's reputation; 1 if there is none."""
    reputation = reputation_in(system)
    return 1.0 if reputation is None else min(1.0, reputation / GOOD_NAME)
