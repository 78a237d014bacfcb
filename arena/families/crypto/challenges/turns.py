"""How many turns a match of a challenge may have. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from arena.records import Json

USUAL_SEATS = 4
"""`max_turns` is meant for at most so many seats; a larger group has as many turns for each seat as four would have."""


def turns_of(challenge: Mapping[str, Json], max_turns: int) -> int:
    """Return the most turns of a match: `max_turns`, and for more than four seats `max_turns * seats / 4`, rounded up.

    With the default of 15 these are 19 turns for five seats, 23 for six and 27 for seven.
    """
    seats = len(challenge["participants"])
    return max_turns if seats <= USUAL_SEATS else -(-max_turns * seats // USUAL_SEATS)
