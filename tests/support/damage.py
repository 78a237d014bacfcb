"""Damages a run as an editor, a merge or a disk might: one member of one object gets a value of a wrong type.

    for damage in damages(record): damage.pointer, damage.value

Members that hold JSON in a text are opened, so that what is inside is damaged too.
"""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from arena.formats.json_text import json_text
from arena.formats.strict_json import child

TEXTS = frozenset({"gates", "score_detail", "calls", "panel", "plan", "instance", "args", "answer", "result"})
"""Members of a record, and of its parts, that contain JSON in a text."""

FREE = re.compile(
    r"/(plan|instance)/.*"  # as a family has it
    r"|/transcript/\d+/result(/.*)?"  # as a player declared it
    r"|(/transcript/\d+|/judging/calls/\d+)?/(args|answer)/.*"  # as an op has it
    r"|/raw(/.*)?"  # as a server sent it
    r"|/score_detail/checks/result/(declared/.*|right)"
    r"|/gates/\d+/(observed|bound)(/.*)?"  # as a rule looked at it
)
"""Pointers at which any JSON is allowed."""


@dataclass(frozen=True)
class Damage:
    """`pointer`: of the member; `value`: the whole object, with that one member of a wrong type."""

    pointer: str
    value: Any


def damages(whole: Any) -> Iterator[Damage]:
    """Yield an object with each of its members damaged, one at a time, at any depth, except for FREE ones.

    The first element of a list represents all with the same members.
    """
    seen: set[str] = set()
    for path in _paths(whole, ()):
        pointer = functools.reduce(child, map(str, path), "")
        shape = re.sub(r"/\d+(?=/|$)", "/*", pointer)
        if shape not in seen and not FREE.fullmatch(pointer):
            seen.add(shape)
            yield Damage(pointer, _damaged(copy.deepcopy(whole), path))


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every member and element, those inside texts of JSON too."""
    if path and _is_text_of_json(path[-1], value):
        value = json.loads(value)
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from _paths(inner, (*path, key))


def _is_text_of_json(name: Any, value: Any) -> bool:
    return name in TEXTS and isinstance(value, str) and value != ""


def _damaged(value: Any, path: tuple[Any, ...]) -> Any:
    if not path:
        return [[]] if isinstance(value, dict) else {"wrong": []}
    key, *rest = path
    inner = value[key]
    if rest and _is_text_of_json(key, inner):
        value[key] = json_text(_damaged(json.loads(inner), tuple(rest)))
    else:
        value[key] = _damaged(inner, tuple(rest))
    return value
