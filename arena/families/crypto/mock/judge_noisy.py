"""The mock judge that changes its mind: the grades and answers of `mock/judge`, some of them moved at random.

It serves to try repetitions and panels without a network. Chance depends only on the trial's seed, the number of the
question and the dimension. So the same question gives the same verdict, and another repetition gives another one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from arena.families.crypto.mock.judge import judge_reply
from arena.messages import Message

MOVES: tuple[tuple[float, int], ...] = ((0.04, -2), (0.20, -1), (0.80, 0), (0.96, 1), (1.0, 2))
"""Cumulated chance, move: two grades down 4 %, one down 16 %, none 60 %, one up 16 %, two up 4 %."""

TURNED = 0.15
"""Chance that an answer to a yes-or-no question is reversed."""


def noisy_judge_reply(system: str, messages: Sequence[Message], seed: str, question: int) -> str:
    """Return the mock judge's verdict with moved grades, kept within 1 to 5, and some answers reversed. A text that is
    no verdict is returned unchanged."""
    text = judge_reply(system, messages)
    try:
        found = json.loads(text)
    except ValueError:
        return text
    found["scores"] = {
        name: max(1, min(5, grade + _move(seed, question, name))) for name, grade in found["scores"].items()
    }
    for item in found.get("items", ()):
        if _drawn(seed, question, f"item {item['id']}") < TURNED:
            item["answer"] = "no" if item["answer"] == "yes" else "yes"
            item["turn"] = None
    return json.dumps(found)


def _move(seed: str, question: int, dimension: str) -> int:
    drawn = _drawn(seed, question, dimension)
    return next(move for chance, move in MOVES if drawn < chance)


def _drawn(seed: str, question: int, name: str) -> float:
    """Return a number from 0 to below 1."""
    digest = hashlib.sha256(f"arena-noisy-judge/1\0{seed}\0{question}\0{name}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64
