"""Decide who is at fault if an exception is raised while a player's text is read.

The functions that read such text are bounded: numbers of 300 digits, texts and lists by length, nesting by depth. If
one of them raises nevertheless, a player has found a gap. The match then counts as lost by that player and never as an
outage. Otherwise players could turn a lost match into one that does not count.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from arena.errors import ArenaError, PlayerFault

Given = ParamSpec("Given")
Found = TypeVar("Found")


def over_player_text(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """Return `function` with every unintended exception replaced by PlayerFault."""

    @wraps(function)
    def bounded(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        try:
            return function(*args, **kwargs)
        except ArenaError:
            raise
        except Exception as error:
            what = f"{type(error).__name__}: {str(error)[:200]}"
            raise PlayerFault(f"what the players wrote cannot be read ({function.__name__}: {what})") from error

    return bounded
