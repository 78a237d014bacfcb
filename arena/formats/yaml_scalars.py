"""What plain text and text blocks of the YAML subset mean. The rules: docs/simpleyaml.md."""

from __future__ import annotations

import re
from collections.abc import Sequence

from arena.formats.json_types import Json

MAX_NUMBER = 1000
"""Characters of a number; the interpreter itself refuses integers of more than 4,300 digits."""

_INT = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+][0-9]+)?")
_NUMBER_LIKE = re.compile(
    r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]+)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?0[xXoObB][0-9a-fA-F_]+"
    r"|[-+]?[0-9][0-9_]*(?::[0-9_]+)+(?:\.[0-9_]*)?"
    r"|[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)"
)
_DATE_LIKE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?")
_WORDS: dict[str, Json] = {"null": None, "true": True, "false": False}
_AMBIGUOUS_WORDS = frozenset({"yes", "no", "on", "off", "y", "n"})


class ScalarRefused(ValueError):
    """Plain text that two YAML readers may read as different values; the message says how to write it."""


def resolve(text: str) -> Json:
    """Return the value of a plain scalar: None, a bool, an int, a float or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    lowered = text.lower()
    if lowered in _WORDS or text == "~":
        raise ScalarRefused(f"write null, true or false in lower case; as text, put {text} in quotes")
    if lowered in _AMBIGUOUS_WORDS:
        raise ScalarRefused(f"{text} is a boolean to some readers: write true or false, or put it in quotes")
    if text in ("=", "<<"):
        raise ScalarRefused(f"{text} has a special meaning to some readers: put it in quotes")
    if _DATE_LIKE.fullmatch(text):
        raise ScalarRefused(f"{text} is a date to some readers: put it in quotes")
    return _number(text) if _NUMBER_LIKE.fullmatch(text) else text


def _number(text: str) -> int | float:
    if len(text) > MAX_NUMBER:
        raise ScalarRefused(f"a number may have at most {MAX_NUMBER} characters: put it in quotes")
    if _INT.fullmatch(text):
        return int(text)
    if not _FLOAT.fullmatch(text):
        raise ScalarRefused(f"readers differ about {text}: write 12, -3, 0.5 or 1.0e+5, or put it in quotes")
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ScalarRefused(f"{text} is too large for a float")
    return value


def join_block(rows: Sequence[str], header: str) -> str:
    """Join the lines of a text block under its header (`|` or `>`, then perhaps - or +).

    `|` keeps line breaks, `>` folds single ones into spaces; - drops the breaks at the end, + keeps all of them.
    """
    body = list(rows)
    while body and not body[-1]:
        body.pop()
    breaks = len(rows) - len(body) + 1
    if header[0] == "|":
        text = "\n".join(body)
    else:
        text = ""
        for index, row in enumerate(body):
            folds = index > 0 and row and body[index - 1]
            text += " " + row if folds else (row or "\n")
    if header.endswith("-"):
        return text
    return text + "\n" * (breaks if header.endswith("+") else 1)
