"""Templates: the arguments of a call with places for drawn values, into which other values can be put. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from arena.families.crypto.challenges.readable import shown
from arena.records import Json

TEXT = "utf8:"
MIN_LOOSE = 100
"""A smaller number counts as a value only if no other number is next to it, because it often occurs by chance."""

MAX_HEX = 128
Write = Callable[[Json], str]
Key = tuple[str, bool]
"""The name of a value and, if one entry of it is meant, the entry."""


class Hole(NamedTuple):
    """A place of a value in a template: how it is written there, and which value (or entry) it is."""

    key: Key
    write: Write
    true: Json


Piece = str | Hole
Template = tuple[Piece, ...]


def _joined(sign: str) -> Write:
    return lambda value: sign.join(map(shown, value)) if isinstance(value, list) else shown(value)


_LISTS: tuple[Write, ...] = (
    *map(_joined, (", ", ",", " ", "|", "; ", ";", " | ", "\n", "/")),
    lambda value: json.dumps(value, ensure_ascii=False),
    lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
)
_NUMBERS: tuple[Write, ...] = (str, lambda value: f"{value:,}", lambda value: f"{value:#x}")
_TEXTS: tuple[Write, ...] = (
    str,
    lambda value: str(value).casefold(),
    lambda value: str(value).upper(),
    lambda value: str(value).replace(" ", ""),
    lambda value: str(value).casefold().replace(" ", ""),
    lambda value: str(value).replace(" ", "-"),
)


def writings(value: Json) -> Sequence[Write]:
    """Return the ways in which a value may be written into a text."""
    if isinstance(value, list):
        return _LISTS
    if isinstance(value, dict):
        return (shown, *_LISTS[-2:], lambda v: json.dumps(v, ensure_ascii=False, sort_keys=True))
    if isinstance(value, bool) or value is None:
        return ()
    return _NUMBERS if isinstance(value, int) else _TEXTS


Form = tuple[str, Hole]


def forms_of(values: Sequence[tuple[Key, Json]], kept: dict[tuple[Key, int], list[Form]]) -> list[Form]:
    """Return the ways in which values may be written into a text, longer ones first.

    `kept`: what was computed before, by key and identity of a value, and is added to.
    """
    forms: list[Form] = []
    for key, value in values:
        found = kept.get((key, id(value)))
        if found is None:
            written = [(write(value), Hole(key, write, value)) for write in writings(value)]
            found = kept[key, id(value)] = [one for one in written if one[0]]
        forms += found
    return sorted(forms, key=lambda one: -len(one[0]))


def find(text: str, forms: Sequence[Form]) -> Template:
    """Return a text as a template: each place is given to the first form (as of `forms_of`) that occurs there."""
    pieces: list[Piece] = [text]
    for form, hole in forms:
        if form in text:
            pieces = [
                part for piece in pieces for part in (_split(piece, form, hole) if isinstance(piece, str) else (piece,))
            ]
    return tuple(piece for piece in pieces if piece)


def _split(text: str, form: str, hole: Hole) -> Iterator[Piece]:
    if form not in text:
        yield text
        return
    if form.isdigit() and int(form) < MIN_LOOSE and len(re.findall(r"\d+", text)) > 1:
        yield text
        return
    done = 0
    for match in re.finditer(rf"(?<![^\W_]){re.escape(form)}(?![^\W_])", text):
        yield text[done : match.start()]
        yield hole
        done = match.end()
    yield text[done:]


def hex_template(text: str, values: Sequence[tuple[Key, Json]], forms: Sequence[Form]) -> Template | None:
    """Return the template of an argument in hex: of the text that it encodes, or of a number of that many bytes.

    `forms`: those of the values.
    """
    if len(text) > MAX_HEX * 16 or len(text) % 2 or not re.fullmatch("[0-9a-fA-F]+", text):
        return None
    for key, value in values:
        if isinstance(value, int) and not isinstance(value, bool) and value >= MIN_LOOSE and len(text) <= MAX_HEX:
            orders: tuple[Literal["big", "little"], ...] = ("big", "little")
            for order in orders:
                if int.from_bytes(bytes.fromhex(text), order) == value:
                    return (Hole(key, _in_bytes(len(text) // 2, order), value),)
    try:
        spelled = bytes.fromhex(text).decode()
    except UnicodeDecodeError:
        return None
    if not spelled.isprintable():
        return None
    found = find(spelled, forms)
    return (TEXT, *found) if any(isinstance(piece, Hole) for piece in found) else None


def _in_bytes(size: int, order: Literal["big", "little"]) -> Write:
    def write(value: Json) -> str:
        try:
            return int(value).to_bytes(size, order).hex()
        except (OverflowError, TypeError, ValueError):
            return ""

    return write


def values_in(template: Template) -> dict[Key, Json] | None:
    """Return key -> value of a template; None if two entries of one list occur in it."""
    found: dict[Key, Json] = {}
    for piece in template:
        if isinstance(piece, Hole) and found.setdefault(piece.key, piece.true) != piece.true:
            return None
    return found


def filled(template: Template, given: Mapping[Key, Json]) -> str:
    """Return the text of a template with values in its places."""
    return "".join([piece if isinstance(piece, str) else piece.write(given[piece.key]) for piece in template])
