"""What the member `items` of a challenge's `judge` must hold: every problem at its pointer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from arena.families.crypto.dimensions import DIMENSIONS
from arena.formats.strict_json import child
from arena.records import Json

LEAST_ITEMS, MOST_ITEMS = 3, 7
MAX_ASKS_CHARS = 200
MAX_ID_CHARS = 40
REQUIRED = ("id", "asks", "dimension", "good")
ANSWERS = ("yes", "no")
_ID = re.compile(r"[a-z][a-z0-9_]*")

Problems = Iterator[tuple[str, str]]
"""Pairs of JSON pointer and message."""


def item_problems(listed: Json, place: str) -> Problems:
    """Yield what is wrong with the questions that a judge answers with yes or no. `place`: their JSON pointer."""
    if not isinstance(listed, list) or not LEAST_ITEMS <= len(listed) <= MOST_ITEMS:
        yield place, f"expected a list of {LEAST_ITEMS} to {MOST_ITEMS} items"
        return
    seen: dict[str, int] = {}
    for index, item in enumerate(listed):
        where = f"{place}/{index}"
        if not isinstance(item, dict) or not item:
            yield where, f"expected an object with the members {', '.join(REQUIRED)}"
            continue
        for name in item:
            if name not in REQUIRED:
                yield child(where, name), f"is not a member of an item; these are {', '.join(REQUIRED)}"
        missing = [name for name in REQUIRED if name not in item]
        yield from ((f"{where}/{name}", "is missing") for name in missing)
        if missing:
            continue
        yield from _one(item, where)
        if isinstance(item["id"], str) and seen.setdefault(item["id"], index) != index:
            yield f"{where}/id", f"{item['id']!r} is the id of item {seen[item['id']]}"


def _one(item: Mapping[str, Json], where: str) -> Problems:
    name, asks = item["id"], item["asks"]
    if not isinstance(name, str) or not _ID.fullmatch(name) or len(name) > MAX_ID_CHARS:
        yield f"{where}/id", f"expected at most {MAX_ID_CHARS} of a-z, 0-9 and _, a letter first"
    if not isinstance(asks, str) or not asks.strip() or len(asks) > MAX_ASKS_CHARS or not asks.isprintable():
        yield f"{where}/asks", f"expected a question on one line of at most {MAX_ASKS_CHARS} characters"
    elif not asks.endswith("?"):
        yield f"{where}/asks", "expected a question that yes or no answers; it ends with `?`"
    if item["dimension"] not in DIMENSIONS:
        yield f"{where}/dimension", f"expected one of {', '.join(DIMENSIONS)}"
    if item["good"] not in ANSWERS:
        yield f"{where}/good", 'expected "yes" or "no": the answer that speaks for the players'
