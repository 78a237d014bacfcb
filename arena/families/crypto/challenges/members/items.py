"""Check `items` of a challenge's `judge`: the yes-or-no questions, their dimensions and good answers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from arena.families.crypto.challenges.members.fields import Problems, field_problems, is_text
from arena.families.crypto.dimensions import DIMENSIONS
from arena.records import Json

LEAST_ITEMS, MOST_ITEMS = 3, 7
MAX_ASKS_CHARS = 200
MAX_ID_CHARS = 40
REQUIRED = ("id", "asks", "dimension", "good")
ANSWERS = ("yes", "no")
_ID = re.compile(r"[a-z][a-z0-9_]*")


def item_problems(listed: Json, place: str) -> Problems:
    """Yield the problems with the questions that a judge answers with yes or no. `place`: their JSON pointer."""
    if not isinstance(listed, list) or not LEAST_ITEMS <= len(listed) <= MOST_ITEMS:
        yield place, f"expected a list of {LEAST_ITEMS} to {MOST_ITEMS} items"
        return
    seen: dict[str, int] = {}
    for index, item in enumerate(listed):
        where = f"{place}/{index}"
        if not isinstance(item, dict) or not item:
            yield where, f"expected an object with the members {', '.join(REQUIRED)}"
            continue
        yield from field_problems(item, where, "an item", REQUIRED)
        if not set(REQUIRED) <= set(item):
            continue
        yield from _one(item, where)
        if isinstance(item["id"], str) and seen.setdefault(item["id"], index) != index:
            yield f"{where}/id", f"{item['id']!r} is the id of item {seen[item['id']]}"


def _one(item: Mapping[str, Json], where: str) -> Problems:
    name, asks = item["id"], item["asks"]
    if not isinstance(name, str) or not _ID.fullmatch(name) or len(name) > MAX_ID_CHARS:
        yield f"{where}/id", f"expected at most {MAX_ID_CHARS} of a-z, 0-9 and _, a letter first"
    if not is_text(asks, MAX_ASKS_CHARS) or not asks.isprintable():
        yield f"{where}/asks", f"expected a question on one line of at most {MAX_ASKS_CHARS} characters"
    elif not asks.endswith("?"):
        yield f"{where}/asks", "expected a question that yes or no answers; it ends with `?`"
    if item["dimension"] not in DIMENSIONS:
        yield f"{where}/dimension", f"expected one of {', '.join(DIMENSIONS)}"
    if item["good"] not in ANSWERS:
        yield f"{where}/good", 'expected "yes" or "no": the answer that speaks for the players'
