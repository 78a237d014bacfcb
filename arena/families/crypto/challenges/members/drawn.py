"""Check `drawn` of an agreed truth: how the result follows from a recorded draw, and who contributes to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arena.families.crypto.challenges.expressions import problems
from arena.families.crypto.challenges.members.fields import Problems, field_problems, is_text, role_problems
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


def drawn_problems(drawn: Json, place: str, names: frozenset[str], roles: Sequence[str] | None) -> Problems:
    """Yield the problems with the declaration of a draw.

    `names`: the existing drawn values. `roles`: the challenge's role ids; None if they are malformed.
    """
    if not isinstance(drawn, dict):
        yield place, f"expected an object with {', '.join(REQUIRED)}: how the result follows from what was drawn"
        return
    yield from field_problems(drawn, place, "a draw", REQUIRED, OPTIONAL)
    if "says" in drawn and not is_text(drawn["says"], MAX_SAYS):
        yield f"{place}/says", f"expected a text of at most {MAX_SAYS} characters: how what is drawn decides"
    if "by" in drawn:
        yield from role_problems(drawn["by"], f"{place}/by", roles, least=1)
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


def _moved(place: str, found: Problems) -> Problems:
    yield from ((place + pointer, message) for pointer, message in found)
