"""A family's declarations about a finished run for training data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from arena.records import Json


@dataclass(frozen=True, slots=True)
class HeldOutUnit:
    """A unit that must not be in a training file. `texts`: its own texts; `values`: values drawn for it."""

    name: str
    texts: Sequence[str]
    values: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What must not be in a training file. `common`: texts that players of all units read, so that they identify none.
    `canary`: the canary of the data set; empty without one."""

    units: Sequence[HeldOutUnit]
    common: Sequence[str] = ()
    canary: str = ""


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
