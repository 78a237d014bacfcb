"""Find the pieces of evidence in a message: the lines under `Evidence:`, one piece per item.

A section ends where the next declared field begins a line, never at a word inside a sentence; "Evidence: none" gives
none. Quoted lines count here, since evidence is a quotation.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache

LEAST_LENGTH = 16
"""Characters of the shortest piece: the predecessor took pieces of more than 15."""
MAX_MESSAGE = 200_000

_REASONING = re.compile(r"<(think|thinking|reasoning|analysis|scratchpad)>.*?(?:</\1>|\Z)", re.I | re.S)
_MARKS = r"[\s>#*_|-]{0,12}"
_START = re.compile(rf"{_MARKS}evidence(?: sentences)?[*_]{{0,3}}\s*(?::[*_]{{0,3}}|\Z)", re.I)
_END = re.compile(
    rf"{_MARKS}(?:\d{{1,2}}[.)]\s+)?[*_]{{0,3}}(?:confidence|reasoning|reasons?|decision|(?:final )?assessment"
    r"|explanation|justification|rationale|conclusion|questions?|answers?)[*_]{0,3}\s*(?::|\Z)",
    re.I,
)
_ITEM = re.compile(r"\s*>?\s*(?:[-*+\u2022]|\(?\d{1,3}[.)\]])\s+")
_INLINE_ITEM = re.compile(r"(?:(?<=\s)|\A)\(?\d{1,2}[.)]\s+")
_NONE = re.compile(
    r"\W*(?:none|nothing|n/?a|no|(?:no|not?) (?:\w+ )?(?:evidence|sources?|available|provided|applicable|needed"
    r"|required)(?: (?:is|was|are|were))?(?: (?:available|provided|given|found|needed|required|necessary))?)\W*\Z",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence offered by a message. `provided`: the section has content other than that there is no evidence."""

    provided: bool
    pieces: tuple[str, ...]


# A message is looked at before and after the decision.
@lru_cache(maxsize=16_384)
def evidence_of(message: str) -> Evidence:
    """Return the evidence of a message, each piece once and in order."""
    text = _REASONING.sub("\n", message[:MAX_MESSAGE])
    given = _from_json(text)
    if given is None:
        section = _section(text)
        given = _items(section) if section is not None else []
    said = [piece for piece in given if not _NONE.match(piece)]
    pieces = dict.fromkeys(piece for piece in said if len(piece) >= LEAST_LENGTH)
    return Evidence(bool(said), tuple(pieces))


def _section(text: str) -> list[str] | None:
    """Return the lines of all evidence sections; None without one."""
    found: list[str] = []
    inside = seen = False
    for line in text.splitlines():
        if match := _START.match(line):
            inside = seen = True
            found.append(line[match.end() :])
        elif inside and _END.match(line):
            inside = False
        elif inside:
            found.append(line)
    return found if seen else None


def _items(lines: list[str]) -> list[str]:
    """Return one text per item of a list; lines without marks continue the item before, or are pieces themselves."""
    has_items = any(_ITEM.match(line) for line in lines)
    items: list[str] = []
    for line in lines:
        mark = _ITEM.match(line)
        text = line[mark.end() :] if mark else line
        if not text.strip(" \t>*_|-"):
            continue
        if has_items and items and mark is None:
            items[-1] += " " + text
        else:
            items.append(text)
    if len(items) == 1:
        # "Evidence: 1. ... 2. ..." in one line.
        items = [part for part in _INLINE_ITEM.split(items[0]) if part.strip()] or items
    return [cleaned for item in items if (cleaned := _cleaned(item))]


def _cleaned(item: str) -> str:
    text = " ".join(item.split()).strip("*_> \t")
    if len(text) > 1 and (text[0], text[-1]) in (('"', '"'), ("'", "'"), ("\u201c", "\u201d"), ("\u00ab", "\u00bb")):
        text = text[1:-1].strip()
    return text


def _from_json(text: str) -> list[str] | None:
    """Return the member `evidence` of a message that is one JSON object; None for other messages."""
    body = re.sub(r"\A\s*```(?:json)?\s*|\s*```\s*\Z", "", text)
    if not body.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found: object = next((item for key, item in value.items() if key.strip().lower() == "evidence"), [])
    items = found if isinstance(found, list) else [found]
    texts = [item.get("text") if isinstance(item, dict) else item for item in items]
    return [cleaned for item in texts if isinstance(item, str) and (cleaned := _cleaned(item))]
