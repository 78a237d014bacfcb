"""Read JSON lines and their fields. Every fault names its line and field; nothing is repaired or replaced."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from arena.errors import DataError, Issue
from arena.families.cheaptalk.claim import LABELS, SPELLINGS, Label, Sentence, label_of_data
from arena.formats.bounded import open_file

MAX_LINE = 4 * 1024 * 1024
"""Bytes of one row; the longest official row has less than a tenth of it."""
MAX_KEY = 200


class RowFault(Exception):
    """A row that cannot be used: the field, and its problem."""

    def __init__(self, pointer: str, message: str) -> None:
        self.pointer, self.message = pointer, message
        super().__init__(f"{pointer}: {message}")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a data file: its number, counted from 1, and its fields."""

    line: int
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Piece:
    """The content of one row about a claim. Official rows have all of it, flat rows one sentence.

    `gold`: name of an evidence set -> its sentences. Pieces of one claim that name the same set extend it.
    """

    key: str
    text: str
    label: Label
    gold: Mapping[str, tuple[Sentence, ...]] = field(default_factory=dict)
    distractors: tuple[str, ...] = ()
    difficulty: str | None = None


ReadRow = Callable[[Row], Piece]
"""The reader of a data set: one row to one piece. Raises RowFault."""


class Digest:
    """Digest of a file while it is read: the SHA-256 and the number of the bytes so far."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.size = 0

    def add(self, data: bytes) -> None:
        self._hash.update(data)
        self.size += len(data)

    def hex(self) -> str:
        return self._hash.hexdigest()


def read_rows(path: Path, digest: Digest) -> Iterator[Row | Issue]:
    """Yield the rows of a JSON lines file one by one, an Issue for a malformed line; blank lines are skipped.

    `digest` is fed with every byte. Raises DataError when the file cannot be read.
    """
    name = str(path)
    try:
        with open_file(path) as stream:
            number = 0
            while line := stream.readline(MAX_LINE + 1):
                number += 1
                digest.add(line)
                if len(line) > MAX_LINE:
                    place = f"line {number}"
                    message = f"is longer than {MAX_LINE // 2**20} MiB; give JSON lines, one object a line"
                    raise DataError([Issue(name, place, message)])
                if line.strip():
                    yield _row(line, number, name)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DataError([Issue(name, "", f"cannot be read: {reason}; give the path of a JSON lines file")]) from None


def _row(line: bytes, number: int, name: str) -> Row | Issue:
    place = f"line {number}"
    try:
        value = json.loads(line.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except UnicodeDecodeError as error:
        return Issue(
            name, place, f"is not UTF-8: byte 0x{line[error.start]:02x} at position {error.start}; write it as UTF-8"
        )
    except json.JSONDecodeError as error:
        return Issue(name, f"{place}, column {error.colno}", f"is not JSON: {error.msg}")
    except RecursionError:
        return Issue(name, place, "is nested too deep")
    except ValueError as error:
        return Issue(name, place, str(error))
    if not isinstance(value, dict):
        return Issue(name, place, f"holds {kind(value)} where an object belongs")
    return Row(number, value)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("names a field twice")
    return fields


def _constant(word: str) -> object:
    raise ValueError(f"holds {word}, which is not a JSON number")


def kind(value: object) -> str:
    """Return the type of a JSON value in words, for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return "text" if isinstance(value, str) else "a list" if isinstance(value, list) else "an object"


def text_of(fields: Mapping[str, object], name: str) -> str:
    """Return a field that holds text, without white space at its ends. Raises RowFault."""
    if name not in fields:
        raise RowFault(f"/{name}", "is missing")
    return checked_text(fields[name], f"/{name}")


def checked_text(value: object, pointer: str) -> str:
    """Return `value` if it is text with something in it, without white space at its ends. Raises RowFault."""
    if not isinstance(value, str):
        raise RowFault(pointer, f"is {kind(value)} where text belongs")
    text = value.strip()
    if not text:
        raise RowFault(pointer, "is empty")
    return whole_text(text, pointer)


def whole_text(text: str, pointer: str) -> str:
    """Return `text`, such as the name of a source, if it can be written to a file. Raises RowFault."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise RowFault(pointer, "holds half of a surrogate pair, which is not a character")
    return text


def list_of(fields: Mapping[str, object], name: str) -> list[object]:
    """Return a field that holds a list. Raises RowFault."""
    if name not in fields:
        raise RowFault(f"/{name}", "is missing")
    value = fields[name]
    if not isinstance(value, list):
        raise RowFault(f"/{name}", f"is {kind(value)} where a list belongs")
    return value


def key_of(fields: Mapping[str, object], name: str = "id") -> str:
    """Return the identifier of a row: an integer or one line of text. Raises RowFault."""
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = text_of(fields, name)
    if len(text) > MAX_KEY or not text.isprintable():
        raise RowFault(f"/{name}", f"is not an identifier: one printable line of at most {MAX_KEY} characters")
    return text


def content_key(*parts: object) -> str:
    """Return a key for a row without an identifier: 16 hexadecimal digits of the digest of its content."""
    data = json.dumps(parts, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()[:16]


def label_of(fields: Mapping[str, object], name: str = "label") -> Label:
    """Return the label of a row. Raises RowFault for a row without one and for any other label."""
    value = fields.get(name)
    if value is None or value == "" or (value == -1 and not isinstance(value, bool)):
        raise RowFault(f"/{name}", "is missing: a blind row cannot be scored")
    found = label_of_data(value)
    if found is None:
        shown = str(value)[:40]
        known = ", ".join(sorted(SPELLINGS)) + f", 0 to {len(LABELS) - 1}"
        raise RowFault(f"/{name}", f"{shown!r} is none of the declared labels ({known}; case does not matter)")
    return found


def evidence_text(item: object, pointer: str) -> Sentence:
    """Return an evidence item that carries its text: text alone, [page, number, text], or an object with text.

    Objects name the text `text`, `sentence` or `content`. Raises RowFault.
    """
    if isinstance(item, str):
        return Sentence(checked_text(item, pointer))
    if isinstance(item, list):
        if len(item) < 3:
            raise RowFault(pointer, "has fewer than three elements; [page, number, text] belongs here")
        return Sentence(checked_text(item[2], f"{pointer}/2"), whole_text(f"{item[0]}#{item[1]}", pointer))
    if isinstance(item, dict):
        for name in ("text", "sentence", "content"):
            if name in item:
                source = whole_text(str(item.get("source", "")), f"{pointer}/source")
                return Sentence(checked_text(item[name], f"{pointer}/{name}"), source)
        raise RowFault(pointer, "has none of the fields text, sentence, content")
    raise RowFault(pointer, f"is {kind(item)} where a sentence belongs")


def one_set(sentences: list[Sentence], label: Label, pointer: str) -> dict[str, tuple[Sentence, ...]]:
    """Return sentences as the one gold set of a claim, or none for NOT ENOUGH INFO.

    Raises RowFault for a label that requires evidence if there is none.
    """
    if label is Label.NEI:
        return {}
    if not sentences:
        raise RowFault(pointer, f"is empty, but the label {label} needs evidence")
    return {"0": tuple(dict.fromkeys(sentences))}
