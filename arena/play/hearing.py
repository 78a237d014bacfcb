"""How a seat hears the others: every line is marked, so that it cannot be mistaken for another speaker's.

Providers join messages of one role. Without marks, a turn with a blank line and a name would read like two speakers,
and a turn with the heading of results like the tool channel. Every line of a public turn therefore begins with its
speaker and a bar, and results carry a mark that only their seat knows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

BAR = "| "
"""Separates a speaker from a line. Role ids contain none (families/crypto/challenges/role_ids.py)."""


ARROW = " -> "
"""Separates the speaker of a private message from its audience. Role ids contain none, as above."""


def heard(seat: str, text: str, to: Sequence[str] | None = None) -> str:
    """Return a turn as the other seats get it: with the speaker in front of every line, for every kind of line break.

    `to`: the seats that hear a private message, named after the speaker; None: all hear it.
    """
    mark = seat if to is None else f"{seat}{ARROW}{', '.join(to)}"
    return "\n".join(f"{mark}{BAR}{line}" for line in text.splitlines() or [""])


def unheard(seat: str, to: Sequence[str]) -> str:
    """Return the note about a private message for a seat that does not hear it."""
    return f"({seat} writes to {', '.join(to)} alone.)"


def read_heard(text: str) -> tuple[str, str]:
    """Return speaker and text of a turn that was heard."""
    before = text.partition(BAR)[0]
    mark = f"{before}{BAR}"
    return before.partition(ARROW)[0], "\n".join(line.removeprefix(mark) for line in text.split("\n"))


def seat_nonce(trial_seed: str, seat: str) -> str:
    """Return the mark of a seat's tool results in one trial: 8 hex digits, a function of the trial's seed.

    A player of another seat would have to know the seed, or be told the mark by its owner.
    """
    return hashlib.sha256(f"arena-seat-nonce/1\0{trial_seed}\0{seat}".encode()).hexdigest()[:8]
