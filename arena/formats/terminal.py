"""How wide a terminal is, and how to fit a command line into it."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Mapping

USUAL_WIDTH = 80
"""Columns where nothing says how many there are: a pipe, a log."""


def terminal_width(environ: Mapping[str, str] = os.environ) -> int:
    """Return the columns of the terminal: COLUMNS where it is a positive number, else what the terminal says."""
    told = environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return int(told)
    for stream in (sys.__stdout__, sys.__stderr__):
        try:
            columns = os.get_terminal_size(stream.fileno()).columns if stream is not None else 0
        except (OSError, ValueError):  # no terminal, or closed
            continue
        if columns:
            return columns
    return USUAL_WIDTH


def wrapped(line: str, width: int | None) -> list[str]:
    """Return one sentence as lines of at most `width` columns, all but the first indented; None: as one line.

    A word that is longer (a path) is kept whole.
    """
    if width is None:
        return [line]
    return textwrap.wrap(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False) or [""]


def fit_command(line: str, width: int) -> str:
    """Return a command line broken before its flags so that it fits `width` columns and can still be pasted."""
    rows, row = [], ""
    for part in _flags_with_values(line):
        if row and len(row) + 1 + len(part) > width - 2:
            rows.append(row)
            row = "    " + part
        else:
            row = f"{row} {part}" if row else part
    return " \\\n".join([*rows, row])


def _flags_with_values(line: str) -> list[str]:
    """Split before every flag and after the values, so that a flag stays next to its value."""
    parts: list[str] = []
    for word in line.split(" "):
        if parts and not word.startswith("-") and parts[-1].startswith("--") and " " not in parts[-1]:
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return parts
