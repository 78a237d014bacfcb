"""The address of a message: a line {"to": ["Bo"]} before its text. Pure; docs/tool-protocol.md describes it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from arena.records import Json

ALL = "all"
"""Stands for all seats in an address."""

_LINE = re.compile(r'^[ \t]*\{\s*"to"\s*:.*\}[ \t]*$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Channels:
    """Private messages between the seats of a dialogue. `seats`: all, in order; `listeners`: those that hear all."""

    seats: tuple[str, ...]
    listeners: tuple[str, ...] = ()


class Address(NamedTuple):
    """The audience of a message (None: all) and its text; or the mistake in the address line, and that line."""

    to: tuple[str, ...] | None
    text: str
    problem: str = ""
    line: str = ""


def read_address(text: str, seat: str, channels: Channels) -> Address:
    """Return the audience of a seat's text. A message has one address, so an address line after the beginning is a
    mistake; so are unknown names, and an address without a text."""
    lines = list(_LINE.finditer(text))
    if not lines:
        return Address(None, text)
    first = lines[0]
    line = first[0].strip()
    if text[: first.start()].strip() or len(lines) > 1:
        return Address(None, text, 'a message has one address: put one line {"to": [...]} before its text', line)
    rest = text[first.end() :].strip("\n")
    others = [name for name in channels.seats if name != seat]
    names = _names(line)
    if names is None:
        problem = f'cannot read the address: write {{"to": ["{others[0]}"]}}, with names of roles in a list'
        return Address(None, text, problem, line)
    if names == [ALL]:
        return Address(None, rest)
    unknown = [name for name in names if name not in others]
    if unknown or not names:
        what = f"nobody else is called {unknown[0]!r}" if unknown else "the address names nobody"
        return Address(None, text, f"{what}: the other roles are {', '.join(others)}; {ALL!r} means all", line)
    hearing = {*names, *channels.listeners} - {seat}
    return Address(tuple(name for name in channels.seats if name in hearing), rest)


def _names(line: str) -> list[str] | None:
    try:
        found: Json = json.loads(line)
    except ValueError:
        return None
    if not isinstance(found, dict) or list(found) != ["to"]:
        return None
    names = [found["to"]] if isinstance(found["to"], str) else found["to"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    return names


def address_line(to: Sequence[str]) -> str:
    """Return the line that addresses a message to these seats."""
    return json.dumps({"to": list(to)}, ensure_ascii=False)
