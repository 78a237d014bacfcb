"""Find the declared fields of a reply: `Final Assessment: ...` as a line, a heading, a table, JSON or a tag.

Only declarations of the author count. Before reading, these parts are removed: reasoning blocks, comments, quoted
lines, and blocks that are introduced as somebody else's words or as an example. Every pattern takes linear time in the
reply.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

MAX_REPLY = 200_000
"""Characters of a reply that are read. The rest is ignored."""

MAX_BROKEN = 20
"""Most attempts to decode JSON that is malformed, because each reads to the end of the reply."""

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0e\ufe0f\u200e\u200f"))
_BLOCK = r"think|thinking|thought|reasoning|analysis|reflection|scratchpad"
_REASONING = re.compile(rf"<({_BLOCK})>.*?(?:</\1>|\Z)", re.I | re.S)
_REASONING_END = re.compile(rf"\A.*</(?:{_BLOCK})>", re.I | re.S)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_WRAPPER = re.compile(r"</?(?:answer|output|response|result)>", re.I)
_INLINE = re.compile(r"</?(?:b|strong|em|i|u|code|p|span)>", re.I)
_BREAK = re.compile(r"<br\s*/?>", re.I)
_QUOTED = re.compile(r"\s*(?:>|\u00bb)")
_OPENING, _CLOSING = "\"'\u201c\u2018\u00ab", "\"'\u201d\u2019\u00bb"
_QUOTED_KEY = re.compile(r"[\"'][^\"']*[\"']\s*:")
"""A quoted name followed by a colon is a member of broken JSON, not a quotation."""
_FENCE = re.compile(r"\s*(?:```|~~~)")
_INTRODUCES = re.compile(
    r"\b(?:sender|receiver|wrote|said|claimed|stated|quoted?|replied|example|template|format|instructions?)\b", re.I
)
_OWN = re.compile(r"\b(?:my|mine|i|i'll|answer|here is|here's|following)\b", re.I)
_DECORATION = r"[*_`]{0,3}"
_PREFIX = r"\s*(?:(?:[-*+\u2022]|\d{1,3}[.)]|#{1,6})\s+)*\|?\s*"
_SEPARATOR = r"\s*(?::|=>|=|->|\u2192|\||[\u2013\u2014]|-(?=\s))"
_ANOTHER_FIELD = re.compile(
    rf"{_PREFIX}{_DECORATION}[\"']?[A-Za-z][A-Za-z _]{{0,30}}[\"']?{_DECORATION}\s*:{_DECORATION}"
)
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*\Z")
_UNDERLINE = re.compile(r"\s*(?:=+|-+|_+|\*+)\s*\Z")
_NEXT_FIELD = re.compile(
    r"[\s.;,|*_]\W{0,3}(?:reason|reasoning|confidence|evidence|decision|explanation|justification|rationale)"
    r"\W{0,3}[:|]",
    re.I,
)
_SHORT_FIELD = (
    rf"{_PREFIX}{_DECORATION}(?:decision|confidence){_DECORATION}\s*[:=|]{_DECORATION}[^:=\n]{{1,40}}?[;|,.]\s*"
)


_NOT_TEXT = "not text"
"""Stands in place of a JSON value that is not text: the field is declared, but has no label."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A field that a reply declares: the name as asked for, and its value on one line (empty if none follows)."""

    field: str
    value: str


def own_lines(reply: str) -> list[str | None]:
    """Return the lines of a reply in compatibility form (NFKC); None means a line that does not count."""
    text = unicodedata.normalize("NFKC", reply[:MAX_REPLY]).translate(_INVISIBLE)
    if "<" in text:
        text = _REASONING.sub("\n", _COMMENT.sub("\n", text))
        text = _WRAPPER.sub("\n", _REASONING_END.sub("", text))
        text = _INLINE.sub("", _BREAK.sub("\n", text))
    lines: list[str | None] = []
    skipping, fenced, introduced = False, False, False
    for line in text.splitlines():
        blank = not line.strip()
        if _FENCE.match(line):
            fenced = not fenced
            skipping = fenced and introduced
            lines.append(None if skipping or not fenced else "")
            introduced = False
            continue
        if not fenced and skipping and blank:
            skipping = False
        quoted = bool(_QUOTED.match(line)) or _is_quotation(line)
        lines.append(None if quoted or skipping else line)
        if not blank and not fenced and not skipping:
            introduced = _announces(line)
            # A block that follows at once is part of the quotation; one after a blank line only if it is in a fence.
            skipping = introduced
    return lines


def _is_quotation(line: str) -> bool:
    """Return whether a whole line is in quotation marks."""
    text = line.strip().strip("*_-+., ")
    return len(text) > 2 and text[0] in _OPENING and text[-1] in _CLOSING and not _QUOTED_KEY.match(text)


def _announces(line: str) -> bool:
    return line.rstrip(" *_").endswith(":") and bool(_INTRODUCES.search(line)) and not _OWN.search(line)


class _Forms(NamedTuple):
    """The ways to write some fields: folded name -> field, and a pattern for each."""

    names: dict[str, str]
    start: re.Pattern[str]
    alone: re.Pattern[str]
    tag: re.Pattern[str]
    cell: re.Pattern[str]


@lru_cache(maxsize=64)
def _forms(fields: tuple[str, ...]) -> _Forms:
    pattern = "|".join(re.escape(field).replace(r"\ ", r"[\s_-]*") for field in sorted(fields, key=len, reverse=True))
    name = rf"{_DECORATION}[\"']?(?P<name>{pattern})[\"']?{_DECORATION}(?:\s*\([^()]*\))?{_DECORATION}"
    return _Forms(
        names={_folded(field): field for field in fields},
        start=re.compile(rf"(?:{_PREFIX}|{_SHORT_FIELD}){name}(?P<mark>{_SEPARATOR}{_DECORATION})", re.I),
        alone=re.compile(rf"{_PREFIX}{name}\s*\Z", re.I),
        tag=re.compile(rf"\s*<(?P<name>{pattern})>(?P<value>[^<]*)</", re.I),
        cell=re.compile(rf"\s*{_DECORATION}(?P<name>{pattern}){_DECORATION}\s*\Z", re.I),
    )


def declared(reply: str, fields: Sequence[str]) -> list[Declared]:
    """Return every declaration of the named fields in a reply, in order; spaces, hyphens and underscores are alike."""
    forms = _forms(tuple(fields))
    names = forms.names
    lines = own_lines(reply)
    found = list(_in_json(lines, names))
    for number, line in enumerate(lines):
        if line is None:
            continue
        if _is_table_header(lines, number):
            found += _in_column(lines, number, forms.cell, names)
        elif match := forms.tag.match(line):
            found.append(Declared(names[_folded(match["name"])], match["value"].strip()))
        elif match := forms.start.match(line):
            value = _cut(line[match.end() :]).strip()
            if match["mark"].strip() == "|":
                value = value.rstrip("| ")
            found.append(Declared(names[_folded(match["name"])], value or _next_value(lines, number)))
        elif match := forms.alone.match(line):
            found.append(Declared(names[_folded(match["name"])], _next_value(lines, number)))
    return found


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).casefold()


def _cut(value: str) -> str:
    """Return a value up to the next field in its line."""
    match = _NEXT_FIELD.search(value)
    return value[: match.start()] if match else value


def _next_value(lines: Sequence[str | None], number: int) -> str:
    """Return the line with the value of a heading: the next one that is not blank and does not start another field."""
    for line in lines[number + 1 :]:
        if line is None:
            return ""
        if not line.strip() or _UNDERLINE.match(line):
            continue
        if line.lstrip().startswith("#") or _ANOTHER_FIELD.match(line):
            return ""
        return _cut(line).strip()
    return ""


def _is_table_header(lines: Sequence[str | None], number: int) -> bool:
    line, after = lines[number], lines[number + 1] if number + 1 < len(lines) else None
    return line is not None and after is not None and "|" in line and "|" in after and bool(_TABLE_RULE.match(after))


def _in_column(
    lines: Sequence[str | None], number: int, cells: re.Pattern[str], names: dict[str, str]
) -> Iterator[Declared]:
    """Yield the cells below a header cell that names a field."""
    header = _row(lines[number] or "")
    for place, cell in enumerate(header):
        match = cells.match(cell)
        if not match:
            continue
        for line in lines[number + 2 :]:
            if line is None or "|" not in line or _TABLE_RULE.match(line):
                break
            row = _row(line)
            yield Declared(names[_folded(match["name"])], row[place].strip() if place < len(row) else "")


def _row(line: str) -> list[str]:
    return line.strip().removeprefix("|").removesuffix("|").split("|")


def _in_json(lines: list[str | None], names: dict[str, str]) -> Iterator[Declared]:
    """Yield the fields of JSON objects that begin a line, and blank their lines; inner objects do not count."""
    number = tries = 0
    while number < len(lines) and tries < MAX_BROKEN:
        line = lines[number]
        if line is None or not line.lstrip().startswith("{"):
            number += 1
            continue
        stop = next((at for at in range(number, len(lines)) if lines[at] is None), len(lines))
        text = "\n".join(line or "" for line in lines[number:stop]).lstrip()
        try:
            pairs, end = _PAIRS.raw_decode(text)
        except (json.JSONDecodeError, RecursionError):
            number, tries = number + 1, tries + 1
            continue
        for key, value in pairs.pairs if isinstance(pairs, _Pairs) else ():
            if _folded(key) in names:
                yield Declared(names[_folded(key)], value if isinstance(value, str) else _NOT_TEXT)
        used = text[:end].count("\n") + 1
        lines[number : number + used] = [""] * used
        number += used


class _Pairs:
    """The members of a JSON object as written, repeated ones included."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        self.pairs = pairs


_PAIRS = json.JSONDecoder(object_pairs_hook=_Pairs)
