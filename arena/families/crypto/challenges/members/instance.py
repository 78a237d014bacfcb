"""Check `instance`: draws, owners and secrets of the values, and the expression of the right result."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import lru_cache

from arena.families.crypto.challenges.draws import CASE, KINDS, is_empty_range, needs
from arena.families.crypto.challenges.expressions import problems
from arena.families.crypto.challenges.instance import (
    AGREED,
    DRAWN,
    drawing_order,
    is_agreement,
    known_names,
    own_names,
    placeholders,
    says_of,
)
from arena.families.crypto.challenges.members.drawn import drawn_problems
from arena.families.crypto.challenges.result_kinds import kind_problems
from arena.families.crypto.challenges.same import Same
from arena.formats.strict_json import child
from arena.records import Json

REQUIRED = ("values", "own", "truth", "result")
OPTIONAL = ("known", "secret", "until", "secret_candidates", "open", "asks")
MEMBERS = REQUIRED + OPTIONAL
MAX_VALUES = 64
MAX_CANDIDATES_WANTED = 1_000_000
MAX_REASON_CHARS = 200
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")

Problems = Iterator[tuple[str, str]]
"""Pairs of JSON pointer and message."""


def instance_problems(challenge: Mapping[str, Json], pointer: str, roles: Sequence[str] | None) -> Problems:
    """Yield the problems with a challenge's instance and with the placeholders in its texts.

    `pointer`: place of the challenge. `roles`: its role ids; None if they are malformed.
    """
    instance, place = challenge["instance"], f"{pointer}/instance"
    if not isinstance(instance, dict) or not instance:
        yield place, "expected an object with at least one member"
        return
    for name in instance:
        if name not in MEMBERS:
            yield child(place, name), f"is not a member of an instance; these are {', '.join(MEMBERS)}"
    missing = [name for name in REQUIRED if name not in instance]
    for name in missing:
        yield f"{place}/{name}", "is missing"
    if missing:
        return
    broken = list(_value_problems(instance["values"], f"{place}/values"))
    names = frozenset(instance["values"]) if isinstance(instance["values"], dict) else frozenset()
    broken += _owner_problems(instance, place, names, roles)
    broken += _until_problems(instance, f"{place}/until", roles)
    broken += _candidate_problems(instance, f"{place}/secret_candidates")
    broken += _open_problems(instance, f"{place}/open", names)
    yield from broken
    yield from _truth_problems(instance["truth"], f"{place}/truth", names, roles)
    yield from kind_problems(instance["result"], f"{place}/result")
    if not (isinstance(instance.get("asks", ""), str) and len(instance.get("asks", "")) <= 300):
        yield f"{place}/asks", "expected a text of at most 300 characters: what the result names"
    if not broken and roles is not None:
        yield from _placeholder_problems(challenge, instance, pointer, names)


def _value_problems(values: Json, place: str) -> Problems:
    if not isinstance(values, dict) or not 0 < len(values) <= MAX_VALUES:
        yield place, f"expected an object of 1 to {MAX_VALUES} draws"
        return
    broken = False
    for name, spec in values.items():
        if not _NAME.fullmatch(name):
            yield child(place, name), "a value's name is lower case letters, digits and underscores, a letter first"
        for where, message in _draw_problems(spec, child(place, name)):
            broken = True
            yield where, message
    if broken:
        return
    for name, spec in values.items():
        for need in sorted(set(needs(spec))):
            if need not in values:
                broken = True
                yield child(place, name), f"needs the value {need!r}, which does not exist"
        if spec["draw"] == "computed":
            yield from ((f"{child(place, name)}/by{p}", m) for p, m in problems(spec["by"], frozenset(values), None))
    if not broken and drawing_order(values) is None:
        yield place, "values need each other in a circle"
    yield from _case_problems(values, place)


def _case_problems(values: Mapping[str, Json], place: str) -> Problems:
    """Check that at most one value is a case, that its labels differ, and that nobody owns it."""
    cases = [name for name, spec in values.items() if spec["draw"] == CASE]
    if len(cases) > 1:
        yield child(place, cases[1]), f"is a second case; {cases[0]!r} says already what happens"
    for name in cases:
        labels = [*values[name]["honest"], *values[name]["negative"]]
        if len(set(labels)) < len(labels):
            yield child(place, name), "holds a case twice"
        if values[name].get("hidden") is not True:
            yield child(place, name), 'must have "hidden": true: what a case brings about may be shown, not its name'


def _draw_problems(spec: Json, place: str) -> Problems:
    if not isinstance(spec, dict) or not isinstance(spec.get("draw"), str):
        yield place, 'expected an object with "draw", the kind of draw'
        return
    kind = KINDS.get(spec["draw"])
    if kind is None:
        yield f"{place}/draw", f"there is no draw {spec['draw']!r}; there are: {', '.join(KINDS)}"
        return
    for name, field in kind.fields.items():
        if name not in spec:
            if field.required:
                yield f"{place}/{name}", f"is missing: {field.wanted}"
        elif not field.good(spec[name]):
            yield f"{place}/{name}", f"expected {field.wanted}"
        elif name == "item":
            yield from _draw_problems(spec[name], f"{place}/{name}")
    if is_empty_range(spec):
        yield f"{place}/to", f"is before `from`, {spec['from']}: there is nothing to draw"
    for name in spec:
        if name not in kind.fields and name not in ("draw", "hidden"):
            yield child(place, name), f"is not a member of the draw {spec['draw']!r}: {', '.join(kind.fields)}"
    if not isinstance(spec.get("hidden", False), bool):
        yield f"{place}/hidden", "expected true or false"


def _owner_problems(
    instance: Mapping[str, Json], place: str, names: frozenset[str], roles: Sequence[str] | None
) -> Problems:
    given: dict[str, dict[str, list[str]]] = {"own": {}, "secret": {}}
    for member in ("own", "secret"):
        found = instance.get(member, {})
        if not isinstance(found, dict):
            yield f"{place}/{member}", "expected an object: role -> names of values"
            continue
        for role, listed in found.items():
            where = child(f"{place}/{member}", role)
            if roles is not None and role not in roles:
                yield where, "is not a participant"
            good = yield from _name_problems(listed, where, names)
            given[member][role] = good
    known = yield from _name_problems(instance.get("known", []), f"{place}/known", names)
    hidden = {name for name in names if _spec(instance, name).get("hidden")}
    owned = {name for listed in given["own"].values() for name in listed} | set(known)
    for name in sorted(owned & hidden):
        yield child(f"{place}/values", name), "is hidden, yet a role owns it"
    for role, listed in given["secret"].items():
        for name in listed:
            if name not in given["own"].get(role, ()):
                yield child(f"{place}/secret", role), f"{name!r} is not among the role's own values"
    for name in sorted(names - owned - hidden):
        yield child(f"{place}/values", name), 'has no owner: name one, or set "hidden": true'


def _until_problems(instance: Mapping[str, Json], place: str, roles: Sequence[str] | None) -> Problems:
    """Check that each entry names a secret value, and roles whose shown values end its secrecy."""
    until = instance.get("until", {})
    if not isinstance(until, dict) or (not until and "until" in instance):
        yield place, "expected an object: name of a secret value -> roles that must have shown something before"
        return
    kept = _kept(instance)
    for name, listed in until.items():
        where = child(place, name)
        if name not in kept:
            yield where, f"{name!r} is not secret for any role, so there is nothing that would end"
        if not isinstance(listed, list) or not listed or not all(isinstance(role, str) for role in listed):
            yield where, "expected a list of at least one role"
        elif roles is not None:
            for index, role in enumerate(listed):
                if role not in roles:
                    yield f"{where}/{index}", f"{role!r} is not a participant"


def _kept(instance: Mapping[str, Json]) -> set[str]:
    """Return the names of the values that are secret for somebody."""
    secret = instance.get("secret", {})
    lists = secret.values() if isinstance(secret, dict) else ()
    return {name for listed in lists if isinstance(listed, list) for name in listed if isinstance(name, str)}


def _candidate_problems(instance: Mapping[str, Json], place: str) -> Problems:
    """Check that each entry names a secret value, and how many candidates of it must remain."""
    wanted = instance.get("secret_candidates", {})
    if not isinstance(wanted, dict) or (not wanted and "secret_candidates" in instance):
        yield place, "expected an object: name of a secret value -> how many candidates of it must remain"
        return
    kept = _kept(instance)
    for name, least in wanted.items():
        if name not in kept:
            yield child(place, name), f"{name!r} is not secret for any role"
        if type(least) is not int or not 2 <= least <= MAX_CANDIDATES_WANTED:
            yield child(place, name), f"expected a whole number from 2 to {MAX_CANDIDATES_WANTED:,}"


def _open_problems(instance: Mapping[str, Json], place: str, names: frozenset[str]) -> Problems:
    """Check that each entry names a value that nobody has to keep secret, and a reason."""
    found = instance.get("open", {})
    if not isinstance(found, dict) or (not found and "open" in instance):
        yield place, "expected an object: name of a value that may be said -> why"
        return
    kept = _kept(instance)
    for name, why in found.items():
        if name not in names:
            yield child(place, name), f"there is no value {name!r}"
        elif name in kept:
            yield child(place, name), f"{name!r} is secret, so it is not open"
        if not (isinstance(why, str) and why.strip() and len(why) <= MAX_REASON_CHARS):
            yield child(place, name), f"expected a text of at most {MAX_REASON_CHARS} characters: why it may be said"


def _spec(instance: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    spec = instance["values"][name]
    return spec if isinstance(spec, dict) else {}


def _name_problems(listed: Json, where: str, names: frozenset[str]) -> Generator[tuple[str, str], None, list[str]]:
    """Yield problems; return (as a generator) the names of the well-formed values."""
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        yield where, "expected a list of values' names"
        return []
    for index, name in enumerate(listed):
        if name not in names:
            yield f"{where}/{index}", f"there is no value {name!r}"
        elif name in listed[:index]:
            yield f"{where}/{index}", f"{name!r} is given twice"
    return [name for name in listed if name in names]


def _truth_problems(truth: Json, place: str, names: frozenset[str], roles: Sequence[str] | None) -> Problems:
    if not is_agreement(truth):
        yield from ((place + pointer, message) for pointer, message in problems(truth, names, roles))
        return
    if truth[AGREED] is not True:
        yield f"{place}/{AGREED}", "expected true"
    for name in truth:
        if name not in (AGREED, "among", DRAWN):
            yield child(place, name), "is not a member of an agreement: agreed, among, drawn"
    if DRAWN in truth:
        yield from drawn_problems(truth[DRAWN], f"{place}/{DRAWN}", names, roles)
    if "among" in truth:
        yield from ((f"{place}/among{p}", message) for p, message in problems(truth["among"], names, roles))


def _placeholder_problems(
    challenge: Mapping[str, Json], instance: Mapping[str, Json], pointer: str, names: frozenset[str]
) -> Problems:
    """Check that every placeholder names a value that the readers of the text may know. A judge may know all."""
    known = frozenset(known_names(instance))
    for where, text, role in player_texts(challenge, pointer):
        allowed = known if role is None else frozenset(own_names(instance, role))
        for name in placeholders(text):
            if name not in names:
                yield where, f"there is no value {name!r} for the placeholder {{{name}}}"
            elif name not in allowed:
                who = "all roles read this, and it is not in `known`" if role is None else f"{role} does not own it"
                yield where, f"{{{name}}} gives the value away: {who}"
    judge = challenge.get("judge")
    for member, entries in judge.items() if isinstance(judge, dict) else ():
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            of_item = isinstance(entry, dict)
            text = entry.get("asks") if of_item else entry
            for name in placeholders(text) if isinstance(text, str) else ():
                if name not in names:
                    where = f"{pointer}/judge/{member}/{index}{'/asks' if of_item else ''}"
                    yield where, f"there is no value {name!r} for the placeholder {{{name}}}"


def shared_texts(challenge: Mapping[str, Json], pointer: str) -> Iterator[tuple[str, str]]:
    """Yield (pointer, text) for every well-formed text that all players are shown."""
    context, play, instance = (challenge.get(name) for name in ("participant_context", "self_play", "instance"))
    shared = [("/name", challenge.get("name"))]
    if isinstance(play, dict):
        shared.append(("/self_play/symmetry_breaker", play.get("symmetry_breaker")))
    if isinstance(context, dict):
        shared.append(("/participant_context/public_background", context.get("public_background")))
    if isinstance(instance, dict):
        shared.append(("/instance/asks", instance.get("asks")))
        shared.append((f"/instance/truth/{DRAWN}/says", says_of(instance.get("truth"))))
    return ((pointer + place, text) for place, text in shared if isinstance(text, str))


@lru_cache(maxsize=512)
def texts_by_reader(of: Same) -> tuple[tuple[str, str | None], ...]:
    """Return the `player_texts` of a loaded challenge, each with its role, None if all read it."""
    return tuple((text, reader) for _, text, reader in player_texts(of.held, ""))


def player_texts(challenge: Mapping[str, Json], pointer: str) -> Iterator[tuple[str, str, str | None]]:
    """Yield (pointer, text, role) for every well-formed text that players are shown; role None: all read it."""
    for place, text in shared_texts(challenge, pointer):
        yield place, text, None
    context = challenge.get("participant_context")
    specific = context.get("role_specific") if isinstance(context, dict) else None
    for role, own in specific.items() if isinstance(specific, dict) else ():
        for member, entries in own.items() if isinstance(own, dict) else ():
            for index, text in enumerate(entries if isinstance(entries, list) else ()):
                if isinstance(text, str):
                    where = child(f"{pointer}/participant_context/role_specific", role)
                    yield f"{where}/{member}/{index}", text, role
