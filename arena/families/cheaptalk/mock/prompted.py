"""The parts of a mock model's prompts: the claim, the sentences, the message, the answers, its instruction."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from arena.families.cheaptalk.deviations.table import DEVIATIONS
from arena.families.cheaptalk.metrics.episodes import HONEST
from arena.families.cheaptalk.scene import SENDER
from arena.messages import Message
from arena.play.hearing import BAR, read_heard

_CLAIM, _ITEM = "Claim: ", "- "
_BONUS = re.compile(r"receiver's final assessment is (SUPPORTS|REFUTES|NOT ENOUGH INFO),")
_REPUTATION = re.compile(r"reputation is (\d\.\d+)")


@lru_cache(maxsize=16_384)
def task_in(text: str) -> tuple[str, tuple[str, ...]] | None:
    """Return claim and sentences of a cue; None if it has no claim."""
    if not text.startswith(_CLAIM):
        return None
    first, *rest = text.split("\n")
    sentences = []
    if rest[:1] == ["Sentences:"]:
        for line in rest[1:]:
            if not line.startswith(_ITEM):
                break
            sentences.append(line[len(_ITEM) :])
    return first[len(_CLAIM) :], tuple(sentences)


def task(messages: Sequence[Message]) -> tuple[str, tuple[str, ...]]:
    """Return claim and sentences that a seat was shown; an empty claim if it was shown none."""
    for message in messages:
        if message.role == "user" and (found := task_in(message.text)):
            return found
    return "", ()


def from_sender(messages: Sequence[Message]) -> list[str]:
    """Return the sender's messages to a receiver, in order."""
    begin = f"{SENDER}{BAR}"
    return [read_heard(one.text)[1] for one in messages if one.role == "user" and one.text.startswith(begin)]


@lru_cache(maxsize=1024)
def instructed(system: str) -> str:
    """Return the name of the deviation that a sender's private instruction is."""
    named = (row.name for row in DEVIATIONS.values() if row.instruction and row.instruction in system)
    return next(named, HONEST)


def target_in(system: str) -> str | None:
    """Return the target label of the bonus in a sender's instructions."""
    found = _BONUS.search(system)
    return found[1] if found else None


def reputation_in(system: str) -> float | None:
    """Return the reputation in a seat's prompt."""
    found = _REPUTATION.search(system)
    return float(found[1]) if found else None
