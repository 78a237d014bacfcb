"""A family's declarations about a finished run for training data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from arena.records import Json


@dataclass(slots=True)
class Training:
    """The trials of a run that are fit for training, and the reward of each conversation.

    `keys`: of those worth learning from, in the order of the run.  `reasons`: why the others are not -> how many.
    `about`: key -> description of its trial in a row.  `rewards`: (key, seat) -> reward, of every trial that has one.
    `earned`: value of the score -> the seats whose doing it is; a value that is not named is that of all seats.
    """

    trials: int = 0
    keys: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    about: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    rewards: dict[tuple[str, str], float] = field(default_factory=dict)
    earned: Mapping[str, Collection[str]] = field(default_factory=dict)

    def keep(self, key: str, about: Mapping[str, Json]) -> None:
        """Add a trial; `about` goes into its rows."""
        self.keys.append(key)
        self.about[key] = about
