"""Strict JSON out of a file: UTF-8 without a BOM, no key twice, no NaN, bounded in size and depth.

Problems that leave the text readable are collected next to the
value, so that a caller can report them together with its own findings.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections import Counter
from pathlib import Path

from arena.errors import DataError, Issue
from arena.formats.bounded import MAX_COMMAS, deeper_than, read_file
from arena.formats.json_types import Json

MAX_BYTES = 16 * 1024 * 1024
"""About 4,000 challenges of 4 kB; the most hostile text of this size is refused within seconds."""

MAX_DEPTH = 32
MAX_ISSUES = 1000
"""A broken file of many megabytes must not become an error message of many gigabytes."""

_MAX_INT_CHARS = 300
_MAX_TOKEN_CHARS = 120
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""UTF-8 holds no surrogates, so they come into a text by an escape alone."""

_BOMS = (
    (codecs.BOM_UTF8, "UTF-8 with a byte order mark"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class IssueList:
    """Issues of one file, in the order in which they were found, at most MAX_ISSUES."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.issues: list[Issue] = []
        self._cut = False

    @property
    def full(self) -> bool:
        """Return whether nothing more is taken: a long check may end here."""
        return len(self.issues) >= MAX_ISSUES

    def add(self, pointer: str, message: str) -> None:
        """Note one issue at a JSON pointer of the file."""
        if self.full:
            self._cut = True
        else:
            self.issues.append(Issue(self.file, pointer, message))

    def raise_if_any(self) -> None:
        """Raise DataError with all issues, if there are any."""
        if self._cut:
            more = f"only the first {MAX_ISSUES} issues are listed; correct these and try again"
            raise DataError([*self.issues, Issue(self.file, "", more)])
        if self.issues:
            raise DataError(self.issues)


def printable(text: str) -> str:
    """Return `text` with everything that a terminal cannot show (controls, half surrogate pairs) escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def child(pointer: str, key: str | int) -> str:
    """Return the pointer of an element or a member (RFC 6901); long keys are shortened, unprintable ones escaped."""
    token = str(key)
    if len(token) > _MAX_TOKEN_CHARS:
        token = token[:_MAX_TOKEN_CHARS] + "..."
    return f"{pointer}/{printable(token.replace('~', '~0').replace('/', '~1'))}"


def read_bytes(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the bytes of a file. Raises DataError when it cannot be read, is empty or holds more than `max_bytes`."""
    data = read_file(path, max_bytes, "; give the path of a JSON file")
    if not data.strip():
        raise DataError([Issue(str(path), "", "is empty")])
    return data


def parse(data: bytes, issues: IssueList) -> Json:
    """Return the JSON value that `data` holds.

    Duplicate keys, malformed numbers (NaN, Infinity, hundreds of digits), half surrogate pairs and nesting beyond
    MAX_DEPTH are added to `issues`. Raises DataError at once when the text is not JSON at all (with line and column).
    """
    text = _decode(data, issues.file)
    if text.count(",") > MAX_COMMAS:
        raise DataError([Issue(issues.file, "", f"holds more than {MAX_COMMAS:,} members, the most that is read")])
    duplicates: dict[int, tuple[dict[str, Json], list[str]]] = {}
    infinite: list[str] = []

    def read_int(digits: str) -> int | float:
        # int() of very long texts is quadratic and refused by the interpreter.
        return int(digits) if len(digits) <= _MAX_INT_CHARS else read_float("Infinity")

    def read_float(digits: str) -> float:
        found = float(digits)
        if not math.isfinite(found):
            infinite.append(digits)
        return found

    def build(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        value = dict(pairs)
        if len(value) != len(pairs):
            counts = Counter(key for key, _ in pairs)
            # The dict is kept next to its id, so that no other object can get the same id.
            duplicates[id(value)] = (value, [key for key in value if counts[key] > 1])
        return value

    try:
        value = json.loads(
            text, object_pairs_hook=build, parse_int=read_int, parse_float=read_float, parse_constant=read_float
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise DataError([Issue(issues.file, place, f"is not JSON: {error.msg}")]) from None
    except RecursionError:
        raise DataError([Issue(issues.file, "", f"is nested deeper than {MAX_DEPTH} levels")]) from None
    # Most files have no such mistake, so places are only computed if something is to be reported.
    if duplicates or infinite or _ESCAPED_SURROGATE.search(text) or deeper_than(value, MAX_DEPTH):
        _inspect(value, "", 1, duplicates, issues)
    return value


def _decode(data: bytes, file: str) -> str:
    for bom, name in _BOMS:
        if data.startswith(bom):
            raise DataError([Issue(file, "line 1, column 1", f"is {name}; save it as UTF-8 without a byte order mark")])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        message = f"is not UTF-8: byte 0x{data[error.start]:02x} does not belong here"
        raise DataError([Issue(file, f"line {line}, column {column}", message)]) from None


def _inspect(
    value: Json,
    pointer: str,
    depth: int,
    duplicates: dict[int, tuple[dict[str, Json], list[str]]],
    issues: IssueList,
) -> None:
    if isinstance(value, str):
        if not value.isascii() and _SURROGATE.search(value):
            issues.add(pointer, "holds half of a surrogate pair, which is not a character")
    elif isinstance(value, float):
        if not math.isfinite(value):
            issues.add(pointer, "is not a number that JSON can represent (NaN, Infinity or too many digits)")
    elif isinstance(value, dict | list) and not issues.full:
        if depth > MAX_DEPTH:
            issues.add(pointer, f"is nested deeper than {MAX_DEPTH} levels")
            return
        if isinstance(value, dict):
            for key in duplicates[id(value)][1] if id(value) in duplicates else ():
                issues.add(child(pointer, key), "this key occurs more than once in its object; keep one")
            for key, inner in value.items():
                if not key.isascii() and _SURROGATE.search(key):
                    issues.add(child(pointer, key), "the key holds half of a surrogate pair, which is not a character")
                if not isinstance(inner, str) or not inner.isascii():
                    _inspect(inner, child(pointer, key), depth + 1, duplicates, issues)
            return
        for index, inner in enumerate(value):
            if not isinstance(inner, str) or not inner.isascii():
                _inspect(inner, f"{pointer}/{index}", depth + 1, duplicates, issues)
