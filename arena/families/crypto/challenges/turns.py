"""The number of turns that a match of a challenge may have. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from arena.records import Json

USUAL_SEATS = 3
"""`max_turns` is meant for at most this many seats. A larger group gets as many turns for each seat as three seats
would have."""


def turns_of(challenge: Mapping[str, Json], max_turns: int) -> int:
    """Return the most turns of a match: `max_turns`, and for more than three seats `max_turns * seats / 3`, rounded up.

    With the default of 15 these are 20 turns for four seats, 25 for five, 30 for six and 35 for seven.
    """
    seats = len(challenge["participants"])
    return max_turns if seats <= USUAL_SEATS else -(-max_turns * seats // USUAL_SEATS)
