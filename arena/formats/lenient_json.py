"""JSON as models write it: strict first, then a few repairs that leave only one reading.

Every function is linear in its input; nothing recurses deeper than MAX_DEPTH.
"""

from __future__ import annotations

import html
import json
import re
from typing import NamedTuple

from arena.formats.json_types import Json

MAX_DEPTH = 32
"""Deepest nesting that is read as a call: the calculator's own limit for a request."""

SAFE_INTEGER = 2**53 - 1
"""Largest integer that every JSON reader keeps exactly (RFC 8259, section 6); larger ones travel as strings."""

TRAILING_COMMA = "a trailing comma was left out"
RAW_LINE_BREAK = "a raw line break or tab inside a string was kept"

ESCAPED = "the escaped quotes of the JSON were read as quotes"


class Unreadable(Exception):
    """The text is not JSON with one reading; the message is one sentence that tells its author what to fix."""


class Repeated(dict[str, Json]):
    """An object in which `key` was given twice; `differs` says whether the values differ."""

    key: str
    differs: bool


class Digits(str):
    """An integer too large for a JSON number, with its digits as they were written."""

    __slots__ = ()


class NotANumber(str):
    """NaN, Infinity or a float beyond the range of floats, as it was written."""

    __slots__ = ()


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    repeated = Repeated(plain)
    seen: dict[str, Json] = {}
    repeated.differs = False
    for key, value in pairs:
        if key in seen and not repeated.differs:
            repeated.key, repeated.differs = key, seen[key] != value
        seen[key] = value
    return repeated


def _integer(digits: str) -> int | Digits:
    if len(digits) <= 15:
        return int(digits)
    if len(digits) <= 17 and abs(int(digits)) <= SAFE_INTEGER:
        return int(digits)
    return Digits(digits)


def _float(digits: str) -> float | NotANumber:
    number = float(digits)
    return NotANumber(digits) if number in (float("inf"), float("-inf")) else number


def _decoder(strict: bool) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=NotANumber, strict=strict
    )


_STRICT = _decoder(strict=True)
_LOOSE = _decoder(strict=False)


class Decoded(NamedTuple):
    """A JSON value that begins where asked and ends before `end`; `repairs` lists the repairs."""

    value: Json
    end: int
    repairs: tuple[str, ...]


class Broken(NamedTuple):
    """No JSON value: the text up to `end` belongs to the failed one; `problem` is one sentence for its author."""

    end: int
    problem: str


# Possessive quantifiers: a string token always matches at its quote, so no backtracking and no second look.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?P<closed>")?|[{}\[\]]|(?P<comma>,)(?=\s*[}\]])', re.DOTALL)
_PYTHON = re.compile(r"[{\[,:]\s*'|:\s*(?:True|False|None)\b")
_CLOSER = {"{": "}", "[": "]"}


def decode_strict(text: str, start: int) -> tuple[Decoded | None, int]:
    """Read the value at `start` as plain JSON; return it (or None) and how many characters were looked at."""
    try:
        value, end = _STRICT.raw_decode(text, start)
    except json.JSONDecodeError as error:
        # The error object counts the lines up to its place, which is fast but not free.
        return None, error.pos - start + error.pos // 64
    except RecursionError:
        return None, len(text) - start
    return Decoded(value, end, ()), end - start


def decode_mended(text: str, start: int, stop: int) -> Decoded | Broken:
    """Read the value at `start`, which strict JSON refused, within text[:stop], mending what has only one reading."""
    open_brackets: list[str] = []
    commas: list[int] = []
    for token in _TOKEN.finditer(text, start, stop):
        first = text[token.start()]
        if first in "{[":
            open_brackets.append(first)
            if len(open_brackets) > MAX_DEPTH:
                return Broken(stop, f"the JSON is nested deeper than {MAX_DEPTH} levels: write it flatter.")
        elif first in "}]":
            if first != _CLOSER[open_brackets.pop()]:
                return Broken(stop, f"the JSON closes a bracket with the wrong sign {first!r}: check the brackets.")
            if not open_brackets:
                return _mend(text, start, token.end(), commas)
        elif token.group("comma"):
            commas.append(token.start())
        elif not token.group("closed"):
            return Broken(stop, "a string in the JSON is never closed: end it with a double quote.")
    missing = "".join(_CLOSER[bracket] for bracket in reversed(open_brackets))
    return Broken(stop, f"the JSON is never closed: {missing!r} is missing at its end.")


def _mend(text: str, start: int, end: int, commas: list[int]) -> Decoded | Broken:
    pieces, repairs, last = [], [], start
    for comma in commas:
        pieces.append(text[last:comma])
        last = comma + 1
    pieces.append(text[last:end])
    mended = "".join(pieces)
    if commas:
        repairs.append(TRAILING_COMMA)
    try:
        value = _STRICT.decode(mended)
    except json.JSONDecodeError as first:
        try:
            value = _LOOSE.decode(mended)
        except json.JSONDecodeError:
            return Broken(end, _explain(mended, first))
        repairs.append(RAW_LINE_BREAK)
    return Decoded(value, end, tuple(repairs))


def _explain(text: str, error: json.JSONDecodeError) -> str:
    if _PYTHON.search(text):
        return "this is not JSON but looks like Python: use double quotes, and true, false and null."
    near = text[max(0, error.pos - 10) : error.pos + 10]
    return f"the JSON is broken near {near!r} ({error.msg[:1].lower()}{error.msg[1:]}): write it as strict JSON."


# A quote that was escaped once more, as in JSON inside a JSON string or in HTML.
_ESCAPED_START = re.compile(r"[{\[]\s*(?:\\\"|&(?:quot|#34|#x22);)")
_ESCAPED_TOKEN = re.compile(r"(?P<slashes>\\*+)(?:(?P<quote>\")|(?P<entity>&(?:quot|#34|#x22);))|\\++|[{}\[\]]")


def is_escaped(text: str, start: int) -> bool:
    """Return whether the object or list at `start` is written with escaped quotes."""
    return _ESCAPED_START.match(text, start) is not None


def bare_quotes(text: str) -> str:
    """Return the text with escaped quotes as plain ones, to look for words in it."""
    return html.unescape(text).replace('\\"', '"')


def decode_escaped(text: str, start: int, stop: int) -> tuple[Decoded | Broken, int]:
    """Read the value at `start` whose quotes are escaped, as \\" or &quot;, within text[:stop].

    Return it and how many characters were looked at.
    """
    end = _end_of_escaped(text, start, stop)
    if end is None:
        return Broken(stop, "the escaped JSON is never closed: write it with plain quotes."), stop - start
    piece = text[start:end]
    if '\\"' in piece:
        try:
            bare = json.loads(f'"{piece}"', strict=False)
        except ValueError:
            bare = piece.replace('\\"', '"')
    else:
        bare = html.unescape(piece)
    found = decode_strict(bare, 0)[0] or decode_mended(bare, 0, len(bare))
    if isinstance(found, Broken):
        return Broken(end, found.problem), end - start
    return Decoded(found.value, end, (ESCAPED, *found.repairs)), end - start


def _end_of_escaped(text: str, start: int, stop: int) -> int | None:
    """Return where the brackets that open at `start` are closed again, outside escaped quotes."""
    depth, quoted = 0, False
    for token in _ESCAPED_TOKEN.finditer(text, start, stop):
        # Escaped once more, a quote has one backslash, and a quote inside a string three; a backslash has four.
        if token["quote"]:
            quoted ^= len(token["slashes"]) % 4 == 1
        elif token["entity"]:
            quoted ^= len(token["slashes"]) % 2 == 0
        elif not quoted and token[0] in ("{", "["):
            depth += 1
        elif not quoted and token[0] in ("}", "]"):
            depth -= 1
            if depth <= 0:
                return token.end()
    return None


def decode_whole(text: str) -> Decoded:
    """Read a text that must be one JSON value and nothing else (arguments given as a string). Raises Unreadable."""
    start = len(text) - len(text.lstrip())
    found: Decoded | Broken | None = decode_strict(text, start)[0]
    if found is None:
        if text[start : start + 1] not in ("{", "["):
            raise Unreadable("it is not JSON.")
        found = decode_mended(text, start, len(text))
    if isinstance(found, Broken):
        raise Unreadable(found.problem)
    if text[found.end :].strip():
        raise Unreadable("there is more text after the JSON value.")
    return found


def is_plain(value: Json, depth: int = 1) -> bool:
    """Return whether `value` holds only what JSON says exactly: then `plain` would return it as it is."""
    kind = type(value)
    if kind is str:
        return value.isascii() or _encodable(value)
    if kind is dict:
        if depth > MAX_DEPTH:
            return False
        # A loop and not all(): this runs once per call of a match, and a generator costs twice as much.
        for key, item in value.items():
            if not (key.isascii() or _encodable(key)) or not is_plain(item, depth + 1):
                return False
        return True
    if kind is list:
        return depth <= MAX_DEPTH and all(is_plain(item, depth + 1) for item in value)
    return kind is int or kind is bool or kind is float or value is None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def plain(value: Json) -> tuple[Json, tuple[str, ...]]:
    """Return `value` with large integers as strings and repeated equal keys merged, and the repairs made.

    Raises Unreadable for keys repeated with different values, numbers that JSON does not know, lone surrogates and
    nesting deeper than MAX_DEPTH.
    """
    repairs: list[str] = []
    return _plain(value, "", 1, repairs), tuple(repairs)


def _plain(value: Json, pointer: str, depth: int, repairs: list[str]) -> Json:
    place = f" at {pointer}" if pointer else ""
    if isinstance(value, NotANumber):
        raise Unreadable(f"{str(value)[:40]}{place} is not a JSON number: write a number, or a string of digits.")
    if isinstance(value, Digits):
        repairs.append(f"the integer{place} was turned into a string")
        return str(value)
    if isinstance(value, str):
        if not _encodable(value):
            raise Unreadable(f"the text{place} holds half a surrogate pair: write the whole character.")
        return value
    if isinstance(value, dict | list) and depth > MAX_DEPTH:
        raise Unreadable(f"the JSON is nested deeper than {MAX_DEPTH} levels: write it flatter.")
    if isinstance(value, list):
        return [_plain(item, f"{pointer}/{index}", depth + 1, repairs) for index, item in enumerate(value)]
    if isinstance(value, dict):
        if isinstance(value, Repeated):
            if value.differs:
                raise Unreadable(
                    f'the key "{value.key[:40]}"{place} is given twice with different values: give it once.'
                )
            repairs.append(f'the key "{value.key[:40]}"{place} was given twice with one value')
        if not all(map(_encodable, value)):
            raise Unreadable(f"a key{place} holds half a surrogate pair: write the whole character.")
        return {key: _plain(item, f"{pointer}/{key[:40]}", depth + 1, repairs) for key, item in value.items()}
    return value
