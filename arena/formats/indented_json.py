"""Indented JSON, as json.dumps(value, indent=..., ensure_ascii=False) writes it, in a third of its time.

json.dumps makes every indented text by generators of Python; result files have hundreds of thousands of members.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring
from typing import Any

from arena.formats.json_types import Json


def indented(value: Json, step: str = "  ") -> str:
    """Return the text; `step` is the indentation. Errors: TypeError for what is not JSON, RecursionError."""
    return _text(value, "\n", step)


def _text(value: Any, line: str, step: str) -> str:
    """Return the text of a value whose own line begins with `line`."""
    leaf = _LEAVES.get(type(value))
    if leaf is not None:
        return leaf(value)
    inner = line + step
    if isinstance(value, dict):
        if not value:
            return "{}"
        members = [f"{_name(name)}: {_text(one, inner, step)}" for name, one in value.items()]
        return f"{{{inner}{f',{inner}'.join(members)}{line}}}"
    if isinstance(value, list | tuple):
        if not value:
            return "[]"
        return f"[{inner}{f',{inner}'.join([_text(one, inner, step) for one in value])}{line}]"
    return _other(value)


def _name(name: Any) -> str:
    if type(name) is str:
        return str(encode_basestring(name))
    return json.dumps({name: 0}, ensure_ascii=False)[1:-4]


def _number(value: float) -> str:
    return float.__repr__(value) if value - value == 0 else _other(value)


def _other(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


_LEAVES: Mapping[type, Callable[[Any], str]] = {
    str: encode_basestring,
    int: int.__repr__,
    float: _number,
    bool: lambda value: "true" if value else "false",
    type(None): lambda value: "null",
}
