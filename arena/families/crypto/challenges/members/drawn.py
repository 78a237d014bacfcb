"""What the member `drawn` of an agreed truth must hold: every problem at its pointer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from arena.families.crypto.challenges.expressions import problems
from arena.formats.strict_json import child
from arena.records import Json

NUMBER, NAMES, RANKED, EACH, CARDS, ANSWERS = "number", "names", "ranked", "each", "cards", "answers"
DRAW = "draw"
"""The number that was drawn, in the expression of the way `number`."""

CHOICES: Mapping[str, tuple[Json, ...]] = {
    NAMES: ("first", "all"), EACH: ("lowest", "winner"), CARDS: ("lowest", "winner"),
}  # fmt: skip
REQUIRED = ("says", "by", "ways")
OPTIONAL = ("sides", "roles")
MAX_SAYS = 300
MAX_WITHIN = 5

Problems = Iterator[tuple[str, str]]
"""Pairs of JSON pointer and message."""


def drawn_problems(drawn: Json, place: str, names: frozenset[str], roles: Sequence[str] | None) -> Problems:
    """Yield what is wrong with the declaration of a draw. `names`: the drawn values that there are.  `roles`: the
    challenge's role ids, None if they are broken."""
    if not isinstance(drawn, dict):
        yield place, f"expected an object with {', '.join(REQUIRED)}: how the result follows from what was drawn"
        return
    for name in drawn:
        if name not in REQUIRED + OPTIONAL:
            yield child(place, name), f"is not a member of a draw; these are {', '.join(REQUIRED + OPTIONAL)}"
    for name in REQUIRED:
        if name not in drawn:
            yield f"{place}/{name}", "is missing"
    says = drawn.get("says", "x")
    if not isinstance(says, str) or not says.strip() or len(says) > MAX_SAYS:
        yield f"{place}/says", f"expected a text of at most {MAX_SAYS} characters: how what is drawn decides"
    if "by" in drawn:
        yield from _role_problems(drawn["by"], f"{place}/by", roles)
    for member in OPTIONAL:
        if member in drawn:
            yield from _moved(f"{place}/{member}", problems(drawn[member], names, roles))
    ways = drawn.get("ways", [{}])
    if not isinstance(ways, list) or not ways:
        yield f"{place}/ways", "expected a list of at least one way to read what was drawn"
        return
    for index, way in enumerate(ways if "ways" in drawn else ()):
        yield from _way_problems(way, f"{place}/ways/{index}", names, roles, drawn)


def _way_problems(
    way: Json, place: str, names: frozenset[str], roles: Sequence[str] | None, drawn: Mapping[str, Json]
) -> Problems:
    known = (NUMBER, NAMES, RANKED, EACH, CARDS, ANSWERS)
    if not isinstance(way, dict) or len(way) != 1 or next(iter(way)) not in known:
        yield place, f"expected an object with one of {', '.join(known)}"
        return
    ((name, how),) = way.items()
    where = f"{place}/{name}"
    if name == NUMBER:
        yield from _moved(where, problems(how, names | {DRAW}, roles))
    elif name == RANKED:
        yield from _moved(where, problems(how, names, roles))
    elif name == ANSWERS:
        if type(how) is not int or not 0 <= how <= MAX_WITHIN:
            yield where, f"expected a whole number from 0 to {MAX_WITHIN}: by how much a result may be off"
    elif how not in CHOICES[name]:
        yield where, f"expected one of {', '.join(map(str, CHOICES[name]))}"
    if name == EACH and "roles" not in drawn:
        yield where, "needs `roles`: those that have a number each"


def _role_problems(listed: Json, where: str, roles: Sequence[str] | None) -> Problems:
    if not isinstance(listed, list) or not listed or not all(isinstance(role, str) for role in listed):
        yield where, "expected a list of at least one role"
    elif roles is not None:
        yield from ((f"{where}/{at}", f"{role!r} is not a participant") for at, role in enumerate(listed)
                    if role not in roles)  # fmt: skip


def _moved(place: str, found: Problems) -> Problems:
    yield from ((place + pointer, message) for pointer, message in found)
