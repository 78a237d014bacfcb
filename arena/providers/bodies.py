"""JSON bodies of servers: parsed, with a reason if a body is not JSON, and read field by field."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from arena.providers.http.retry import excerpt
from arena.providers.http.wire import STREAM_TYPE
from arena.records import Json

# JSON has no NaN; if a server writes one, null keeps our own files readable for every parser.
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)

_LONE_SURROGATES = re.compile("[\ud800-\udfff]")

MAX_DEPTH = 100
"""Replies nest some ten levels; walking or writing one of thousands would exhaust the interpreter's stack."""


@dataclass(frozen=True, slots=True)
class NotJson:
    """The result of parse_json for bytes that are not a usable JSON document; an empty `why`: they are simply not
    JSON."""

    why: str = ""


TOO_DEEP = NotJson(f"JSON nested deeper than {MAX_DEPTH} levels")
NOT_UTF8 = NotJson("a body that is not UTF-8")


def parse_json(body: bytes) -> Any:
    """Return the JSON value in `body`, or a NotJson. Lone surrogates, which no file can contain, become U+FFFD."""
    try:
        value = _DECODER.decode(body.removeprefix(codecs.BOM_UTF8).decode())
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


class Instead(NamedTuple):
    """The content of a body with a success status that is not a JSON object.

    `lasting`: the server is of another kind or configured differently, so it will answer every request like this.
    """

    what: str
    lasting: bool


def instead_of_object(headers: Mapping[str, str], body: bytes, value: Any) -> Instead:
    """Return the content of a body that is not a JSON object. `value`: as of parse_json; `headers` in lower case."""
    start = body[:512].lstrip().lower()
    kind = headers.get("content-type", "").lower()
    if STREAM_TYPE in kind or start.startswith((b"data:", b"event:", b": ")):
        return Instead("answers with a stream of events although none was asked for", True)
    if isinstance(value, NotJson):
        if value.why:
            return Instead(f"{value.why} instead of a JSON object", False)
        if start.startswith((b"<!doctype", b"<html", b"<head")) or "text/html" in kind:
            return Instead("an HTML page instead of a JSON object", True)
        if _is_lines(body):
            return Instead("answers with a stream of JSON lines although none was asked for", True)
    shown = f"{excerpt(body, 80)!r} instead of a JSON object"
    return Instead(shown, not isinstance(value, NotJson) and value is not None)


def _is_lines(body: bytes) -> bool:
    """Return whether each of the first two lines of a body is a JSON object."""
    lines = [line for line in body[:_LINES_BYTES].splitlines() if line.strip()][:2]
    return len(lines) == 2 and all(isinstance(parse_json(line), dict) for line in lines)


_LINES_BYTES = 64 * 1024
"""How much of a body is searched for two lines of JSON."""


def count(value: Json) -> int | None:
    """Return a token count, or None if the server gave no plausible one. Some gateways write counts as text."""
    if type(value) is int and 0 <= value < 1e15:
        return value
    if isinstance(value, str) and len(value) <= 15 and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # A number beyond any context window (such as 1e999, which reads as infinite) is not a count.
    return int(value) if 0 <= value < 1e15 else None


def field_of(value: Json, *names: str) -> Json:
    """Follow `names` into nested objects; None if one is missing or not an object."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def text_of(value: Json) -> str:
    """Return a string unchanged, anything else as the empty string."""
    return value if isinstance(value, str) else ""


def error_of_choice(value: Json) -> Json:
    """Return the error that stopped the model behind a gateway (OpenRouter: in the first choice), or None."""
    choices = field_of(value, "choices")
    return field_of(choices[0], "error") if isinstance(choices, list) and choices else None


def is_error(value: Any) -> bool:
    """Return whether a JSON body with a success status is really an error."""
    if not isinstance(value, dict):
        return False
    return bool(value.get("error")) or value.get("type") == "error" or bool(error_of_choice(value))
