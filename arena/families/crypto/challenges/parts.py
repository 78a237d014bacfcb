"""The optional parts of a challenge with their own rules: one row each, for the checks and for the schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from arena.families.crypto.challenges.members import (
    channels,
    fairness,
    instance,
    items,
    obligations,
    open_talk,
    payoffs,
    temptation,
    time,
)
from arena.records import Json

Problems = Callable[[Mapping[str, Json], str, Sequence[str] | None], Iterator[tuple[str, str]]]
"""A check: (challenge, pointer to it, role ids or None if they are malformed) -> pairs of pointer and message."""


class Fields(NamedTuple):
    """The members of one kind of object. Format 1 knows all except `since_2`, and accepts unknown ones."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    since_2: tuple[str, ...] = ()
    """The required and optional members that came with format 2."""


PARTS: Mapping[str, Problems] = {
    "instance": instance.instance_problems,
    "obligations": obligations.obligation_problems,
    "temptation": temptation.temptation_problems,
    "channels": channels.channels_problems,
    "fairness": fairness.fairness_problems,
    "open_talk": open_talk.open_talk_problems,
    "time": time.time_problems,
    "payoffs": payoffs.payoffs_problems,
}
"""Optional member of a challenge -> the function that yields its problems."""


def fields_of_parts() -> dict[str, Fields]:
    """Return the members of each kind of object that parts consist of."""
    return {
        "instance": Fields(instance.REQUIRED, instance.OPTIONAL),
        "obligation": Fields(obligations.REQUIRED, obligations.OPTIONAL),
        "way": Fields(obligations.WAY_REQUIRED, obligations.WAY_OPTIONAL),
        "temptation": Fields(temptation.REQUIRED, temptation.OPTIONAL),
        "fairness": Fields(fairness.REQUIRED),
        "channels": Fields(channels.REQUIRED, channels.OPTIONAL),
        "item": Fields(items.REQUIRED),
        "open_talk": Fields(open_talk.REQUIRED),
        "time": Fields(time.REQUIRED, time.OPTIONAL),
        "payoffs": Fields(payoffs.REQUIRED, payoffs.OPTIONAL),
    }
