"""The codes and long numbers of a text, and the texts of a JSON value. Pure."""

from __future__ import annotations

import json
import re

from arena.families.crypto.checks.folding import Reading
from arena.records import Json

spaced_json = json.JSONEncoder(ensure_ascii=False).encode
"""What `json.dumps` writes with raw UTF-8, by an encoder that is made once."""

MIN_TOKEN = 8
_TOKEN = re.compile(rf"[0-9A-Za-z+/_=-]{{{MIN_TOKEN},}}")
"""Shorter codes and numbers occur by chance."""

_DIGIT = re.compile("[0-9]")


def tokens(text: str) -> set[str]:
    """Return the codes and long numbers of a text, in lower case."""
    if len(text) < MIN_TOKEN or not _DIGIT.search(text):
        return set()
    return {found.lower() for found in _TOKEN.findall(text) if _DIGIT.search(found)}


def codes_in(read: Reading) -> frozenset[str]:
    """Return the `tokens` of a message."""
    return frozenset(tokens(read.text))


def leaves(value: Json) -> list[str]:
    """Return the texts and numbers of a JSON value as text, in order."""
    if isinstance(value, str):
        return [value]
    found: list[str] = []
    _gather(value, found)
    return found


def _gather(value: Json, found: list[str]) -> None:
    if isinstance(value, str):
        found.append(value)
    elif isinstance(value, dict):
        for inner in value.values():
            _gather(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _gather(inner, found)
    elif value is not None and not isinstance(value, bool):
        found.append(str(value))
