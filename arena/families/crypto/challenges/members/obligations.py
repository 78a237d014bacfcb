"""Check `obligations`: the steps that players must take, by kinds of calls, roles, values, times and cases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from arena.families.crypto.challenges.draws import CASE
from arena.families.crypto.challenges.members.time import moment_minutes
from arena.families.crypto.checks.op_kinds import KINDS_MADE, KINDS_SAID, KINDS_USED, TELLS
from arena.formats.strict_json import child
from arena.records import Json

MAX_OBLIGATIONS = 24
MAX_WAYS = 12
MAX_SAYS_CHARS = 600
REQUIRED = ("id", "says", "of", "any")
OPTIONAL = ("by", "every", "fresh", "at_once", "may_fail", "before_told", "gives", "hours", "within", "cases")
WAY_REQUIRED, WAY_OPTIONAL = ("made",), ("used",)
HOURS = ("from", "until")
_LABEL = re.compile(r"[a-z][a-z0-9_]{0,63}")

Problems = Iterator[tuple[str, str]]
"""Pairs of JSON pointer and message."""


def obligation_problems(challenge: Mapping[str, Json], pointer: str, roles: Sequence[str] | None) -> Problems:
    """Yield the problems with a challenge's obligations.

    `pointer`: place of the challenge. `roles`: its role ids; None if they are malformed.
    """
    listed, place = challenge["obligations"], f"{pointer}/obligations"
    if not isinstance(listed, list) or not 0 < len(listed) <= MAX_OBLIGATIONS:
        yield place, f"expected a list of 1 to {MAX_OBLIGATIONS} obligations"
        return
    instance = challenge.get("instance")
    values = instance.get("values") if isinstance(instance, dict) else None
    names = frozenset(values) if isinstance(values, dict) else frozenset()
    labels = _labels(values)
    seen: set[str] = set()
    for index, obligation in enumerate(listed):
        where = f"{place}/{index}"
        if not isinstance(obligation, dict) or not obligation:
            yield where, f"expected an object with the members {', '.join(REQUIRED)}"
            continue
        for name in obligation:
            if name not in REQUIRED + OPTIONAL:
                known = ", ".join(REQUIRED + OPTIONAL)
                yield child(where, name), f"is not a member of an obligation; these are {known}"
        missing = [name for name in REQUIRED if name not in obligation]
        yield from ((f"{where}/{name}", "is missing") for name in missing)
        if not missing:
            yield from _one(obligation, where, roles, names)
            yield from _cases(obligation.get("cases", []), f"{where}/cases", labels)
            if "hours" in obligation:
                yield from _hours(obligation, f"{where}/hours", "time" in challenge)
            if isinstance(obligation["id"], str):
                if obligation["id"] in seen:
                    yield f"{where}/id", f"{obligation['id']!r} is the id of an earlier obligation"
                seen.add(obligation["id"])


def _hours(obligation: Mapping[str, Json], where: str, has_time: bool) -> Problems:
    """Yield the problems with the hours between which something has to be posted."""
    hours = obligation["hours"]
    if not has_time:
        yield where, "needs `time`: without it no clock says when something is posted"
    if "of" in obligation and any(way.get("made") in KINDS_SAID for way in obligation["any"] if isinstance(way, dict)):
        yield where, f"does not go with {', '.join(KINDS_SAID)}: it is about what a call makes"
    if not isinstance(hours, dict) or not hours or not set(hours) <= set(HOURS):
        yield where, f"expected an object with {' or '.join(HOURS)}, or both"
        return
    found = {name: moment_minutes(text) for name, text in hours.items()}
    bad = [name for name, at in found.items() if at is None]
    yield from ((f"{where}/{name}", "expected a moment such as day 2, 06:30") for name in bad)
    first, last = found.get("from"), found.get("until")
    if first is not None and last is not None and first >= last:
        yield where, "from must be before until"


def _labels(values: Json) -> frozenset[str]:
    """Return the labels of the case that are well-formed."""
    found = values.values() if isinstance(values, dict) else ()
    listed = [
        spec.get(member)
        for spec in found if isinstance(spec, dict) and spec.get("draw") == CASE
        for member in ("honest", "negative")
    ]  # fmt: skip
    return frozenset(label for one in listed if isinstance(one, list) for label in one if isinstance(label, str))


def _cases(listed: Json, where: str, labels: frozenset[str]) -> Problems:
    if not isinstance(listed, list) or not all(isinstance(label, str) for label in listed):
        yield where, "expected a list of cases"
        return
    known = ", ".join(sorted(labels)) or "none"
    yield from ((f"{where}/{at}", f"there is no case {label!r}; there are: {known}") for at, label in enumerate(listed)
                if label not in labels)  # fmt: skip


def _one(obligation: Mapping[str, Json], where: str, roles: Sequence[str] | None, names: frozenset[str]) -> Problems:
    if not isinstance(obligation["id"], str) or not _LABEL.fullmatch(obligation["id"]):
        yield f"{where}/id", "expected lower case letters, digits and underscores, a letter first"
    says = obligation["says"]
    if not isinstance(says, str) or not says.strip() or len(says) > MAX_SAYS_CHARS:
        yield f"{where}/says", f"expected a text of at most {MAX_SAYS_CHARS} characters: what has to be done"
    for name in ("every", "fresh", "at_once", "may_fail"):
        if not isinstance(obligation.get(name, False), bool):
            yield f"{where}/{name}", "expected true or false"
    makers = obligation["of"]
    if not isinstance(makers, dict) or not makers:
        yield f"{where}/of", "expected an object: role -> names of the values that its call has to take in"
    else:
        for role, held in makers.items():
            here = child(f"{where}/of", role)
            if roles is not None and role not in roles:
                yield here, "is not a participant"
            yield from _names(held, here, names)
    yield from _names(obligation.get("before_told", []), f"{where}/before_told", names)
    if "gives" in obligation:
        yield from _names([obligation["gives"]], f"{where}/gives", names)
        if "by" not in obligation:
            yield f"{where}/gives", "needs `by`: it is about the result of the call that takes something up"
    yield from _takers(obligation.get("by", []), f"{where}/by", roles)
    yield from _ways(obligation["any"], f"{where}/any", "by" in obligation)
    yield from _in_words(obligation, where)


def _in_words(obligation: Mapping[str, Json], where: str) -> Problems:
    """Yield the problems with an obligation to say something, or to keep it secret."""
    ways = obligation["any"] if isinstance(obligation["any"], list) else []
    kinds = [way.get("made") for way in ways if isinstance(way, dict)]
    spoken = [kind for kind in KINDS_SAID if kind in kinds]
    if spoken and "by" in obligation:
        yield f"{where}/by", f"does not go with {', '.join(spoken)}: a plain statement needs no reaction"
    makers = obligation["of"]
    if spoken and isinstance(makers, dict) and [] in makers.values():
        yield f"{where}/of", f"names the values that a role {' or '.join(spoken)}; a list is empty"
    if "within" in obligation:
        turns = obligation["within"]
        if TELLS not in kinds:
            yield f"{where}/within", f"counts the turns in which something is said: it needs the way {TELLS}"
        if isinstance(turns, bool) or not isinstance(turns, int) or turns < 1:
            yield f"{where}/within", "expected a number of the role's own turns, from 1 on"


def _names(listed: Json, where: str, names: frozenset[str]) -> Problems:
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        yield where, "expected a list of values' names"
        return
    yield from ((f"{where}/{at}", f"there is no value {name!r}") for at, name in enumerate(listed) if name not in names)


def _takers(listed: Json, where: str, roles: Sequence[str] | None) -> Problems:
    if not isinstance(listed, list) or not all(isinstance(role, str) for role in listed):
        yield where, "expected a list of roles"
    elif roles is not None:
        yield from ((f"{where}/{at}", f"{role!r} is not a participant") for at, role in enumerate(listed)
                    if role not in roles)  # fmt: skip


def _ways(listed: Json, where: str, taken: bool) -> Problems:
    if not isinstance(listed, list) or not 0 < len(listed) <= MAX_WAYS:
        yield where, f"expected a list of 1 to {MAX_WAYS} ways to meet it"
        return
    for index, way in enumerate(listed):
        here = f"{where}/{index}"
        if not isinstance(way, dict) or not way:
            yield here, 'expected an object with "made" and, where others take it up, "used"'
            continue
        for name in way:
            if name not in WAY_REQUIRED + WAY_OPTIONAL:
                yield child(here, name), "is not a member of a way; these are made, used"
        if way.get("made") not in KINDS_MADE:
            yield f"{here}/made", f"expected one of {', '.join(KINDS_MADE)}"
        if ("used" in way) != taken:
            yield f"{here}/used", "is missing: `by` says who takes it up" if taken else "needs `by`: who takes it up"
        elif taken and way["used"] not in KINDS_USED:
            yield f"{here}/used", f"expected one of {', '.join(KINDS_USED)}"
