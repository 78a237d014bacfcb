"""Check `time`: the clock of the story, and the number of steps that a machine makes in a turn."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from arena.families.crypto.challenges.members.fields import Problems, field_problems
from arena.records import Json

REQUIRED = ("begins", "between_turns")
OPTIONAL = ("steps_per_turn",)

MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}
"""Unit of `between_turns` -> minutes."""

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_MOMENT = re.compile(r"day ([1-9][0-9]{0,3}), ([01][0-9]|2[0-3]):([0-5][0-9])")
_SPAN = re.compile(r"([1-9][0-9]{0,3}) (minute|hour|day)s?")


def clock_minutes(text: Json) -> int | None:
    """Return the minutes after midnight of a time such as `18:30`; None for other texts."""
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    return None if found is None else int(found[1]) * 60 + int(found[2])


def span_minutes(text: Json) -> int | None:
    """Return the minutes of a span such as `20 minutes`, `6 hours` or `1 day`; None for other texts."""
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    return None if found is None else int(found[1]) * MINUTES[found[2]]


def moment_minutes(text: Json) -> int | None:
    """Return the minutes after the midnight before day 1 of a moment such as `day 2, 06:30`; None for other texts."""
    found = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    return None if found is None else (int(found[1]) - 1) * MINUTES["day"] + int(found[2]) * 60 + int(found[3])


def turn_minutes(time: Mapping[str, Json], turn: int) -> int:
    """Return the minutes after the midnight before day 1 at which a turn begins; `time`: a checked member `time`."""
    return (clock_minutes(time["begins"]) or 0) + turn * (span_minutes(time["between_turns"]) or 0)


def time_problems(challenge: Mapping[str, Json], pointer: str, roles: Sequence[str] | None) -> Problems:
    """Yield the problems with a challenge's time.

    `pointer`: place of the challenge.  `roles`: its role ids, which time does not depend on.
    """
    found, place = challenge["time"], f"{pointer}/time"
    if not isinstance(found, dict) or not found:
        yield place, f"expected an object with the members {', '.join(REQUIRED)}, and perhaps {OPTIONAL[0]}"
        return
    yield from field_problems(found, place, "time", REQUIRED, OPTIONAL)
    if "begins" in found and clock_minutes(found["begins"]) is None:
        yield f"{place}/begins", "expected the time of day of the first turn, such as 18:30"
    if "between_turns" in found and span_minutes(found["between_turns"]) is None:
        yield f"{place}/between_turns", "expected a span such as 20 minutes, 6 hours or 1 day"
    if "steps_per_turn" in found:
        yield from _steps(found["steps_per_turn"], f"{place}/steps_per_turn", challenge.get("instance"))


def _steps(found: Json, place: str, instance: Json) -> Problems:
    if isinstance(found, str):
        values = instance.get("values", {}) if isinstance(instance, dict) else {}
        known = instance.get("known", []) if isinstance(instance, dict) else []
        if not isinstance(values, dict) or found not in values:
            yield place, f"there is no value {found!r}; expected a whole number, or the name of one that all know"
        elif not isinstance(known, list) or found not in known:
            yield place, f"the value {found!r} must be `known`: every role plans with it"
    elif isinstance(found, bool) or not isinstance(found, int) or found < 1:
        yield place, "expected a whole number, 1 or more, or the name of a value that all roles know"
