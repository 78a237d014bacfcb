"""The optional parts of a challenge that have their own rules: one row each, for the checks and for the schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from arena.families.crypto.challenges import (
    validate_channels,
    validate_fairness,
    validate_instance,
    validate_items,
    validate_obligations,
    validate_open_talk,
    validate_payoffs,
    validate_temptation,
    validate_time,
)
from arena.records import Json

Problems = Callable[[Mapping[str, Json], str, Sequence[str] | None], Iterator[tuple[str, str]]]
"""(challenge, pointer to it, role ids or None if they are broken) -> pairs of pointer and message."""


class Fields(NamedTuple):
    """The members of one kind of object. Format 1 knows all but `since_2` and takes what it does not know."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    since_2: tuple[str, ...] = ()
    """The required and optional members that came with format 2."""


PARTS: Mapping[str, Problems] = {
    "instance": validate_instance.instance_problems,
    "obligations": validate_obligations.obligation_problems,
    "temptation": validate_temptation.temptation_problems,
    "channels": validate_channels.channels_problems,
    "fairness": validate_fairness.fairness_problems,
    "open_talk": validate_open_talk.open_talk_problems,
    "time": validate_time.time_problems,
    "payoffs": validate_payoffs.payoffs_problems,
}
"""Optional member of a challenge -> what yields its problems."""


def fields_of_parts() -> dict[str, Fields]:
    """Return the members of each kind of object that parts consist of."""
    return {
        "instance": Fields(validate_instance.REQUIRED, validate_instance.OPTIONAL),
        "obligation": Fields(validate_obligations.REQUIRED, validate_obligations.OPTIONAL),
        "way": Fields(validate_obligations.WAY_REQUIRED, validate_obligations.WAY_OPTIONAL),
        "temptation": Fields(validate_temptation.REQUIRED, validate_temptation.OPTIONAL),
        "fairness": Fields(validate_fairness.REQUIRED),
        "channels": Fields(validate_channels.REQUIRED, validate_channels.OPTIONAL),
        "item": Fields(validate_items.REQUIRED),
        "open_talk": Fields(validate_open_talk.REQUIRED),
        "time": Fields(validate_time.REQUIRED, validate_time.OPTIONAL),
        "payoffs": Fields(validate_payoffs.REQUIRED, validate_payoffs.OPTIONAL),
    }
