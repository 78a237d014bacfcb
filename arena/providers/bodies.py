"""JSON bodies as servers send them: parsed with a reason where they are none, and read field by field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from arena.records import Json

# JSON has no NaN; where a server writes one, null keeps our own files readable for everybody.
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)

_LONE_SURROGATES = re.compile("[\ud800-\udfff]")

MAX_DEPTH = 100
"""Replies nest some ten levels; walking or writing one of thousands would exhaust the interpreter's stack."""


@dataclass(frozen=True, slots=True)
class NotJson:
    """What parse_json returns for bytes that are no usable JSON document; an empty `why`: they are simply not JSON."""

    why: str = ""


TOO_DEEP = NotJson(f"JSON nested deeper than {MAX_DEPTH} levels")
NOT_UTF8 = NotJson("a body that is not UTF-8")


def parse_json(body: bytes) -> Any:
    """Return the JSON value in `body`, or a NotJson. Lone surrogates, which no file can hold, become U+FFFD."""
    try:
        value = _DECODER.decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return NOT_UTF8
    except ValueError:
        return NotJson()
    except RecursionError:
        return TOO_DEEP
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _too_deep(value):
        return TOO_DEEP
    return _repair(value) if b"\\ud" in body or b"\\uD" in body else value


def _too_deep(value: Json) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [item for node in level for item in _children(node)]
        if not level:
            return False
    return True


def _children(node: Json) -> Iterable[Json]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def _repair(value: Json) -> Json:
    if isinstance(value, str):
        return _LONE_SURROGATES.sub("\ufffd", value)
    if isinstance(value, list):
        return [_repair(item) for item in value]
    if isinstance(value, dict):
        return {_repair(key): _repair(item) for key, item in value.items()}
    return value


def count(value: Json) -> int | None:
    """Return a token count, or None if the server gave none that can be one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # A number beyond any context window (such as 1e999, which reads as infinite) is no count.
    return int(value) if 0 <= value < 1e15 else None


def field_of(value: Json, *names: str) -> Json:
    """Follow `names` into nested objects; None if one is missing or no object."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def text_of(value: Json) -> str:
    """Return a string as it is, anything else as the empty string."""
    return value if isinstance(value, str) else ""


def is_error(value: Any) -> bool:
    """Return whether a JSON body with a success status is really an error."""
    return isinstance(value, dict) and (bool(value.get("error")) or value.get("type") == "error")
