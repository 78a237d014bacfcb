"""Whose fault it is when something raises over the text of players.

The functions that look at such text are bounded: numbers of 300 digits, texts and lists by length, nesting by depth. If
one of them raises nevertheless, a player has found a gap. That match is its loss and never an outage, otherwise players
could turn a lost match into one that does not count.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from arena.errors import ArenaError, PlayerFault

Given = ParamSpec("Given")
Found = TypeVar("Found")


def over_player_text(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """Return a function that raises PlayerFault for every unintended exception of `function`."""

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
