"""Read `.env` and merge it under the real environment. The rules: docs/configuration.md, "The .env file"."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from arena.errors import DataError, Issue
from arena.formats.bounded import read_file

SWITCH_OFF = "ARENA_NO_DOTENV"
"""If it is 1 in the real environment, no .env is read: tests and CI do not depend on a developer's file."""

MAX_BYTES = 1024 * 1024

_LINE = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=([ \t]*)(.*)")
_SINGLE = re.compile(r"'([^']*)'(.*)")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"(.*)')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$", "`": "`"}


@dataclass(frozen=True, slots=True)
class Dotenv:
    """The file that was read: `path` (None: no file), its non-empty variables, and a warning for the user."""

    path: Path | None = None
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    warnings: tuple[str, ...] = ()


def load_dotenv(environ: Mapping[str, str], root: Path, named: Path | None = None) -> dict[str, str]:
    """Return `environ` with the names added that only `.env` sets; the real environment wins. Errors: `read_dotenv`."""
    return {**read_dotenv(environ, root, named).values, **environ}


def read_dotenv(environ: Mapping[str, str], root: Path, named: Path | None = None) -> Dotenv:
    """Read the file that the user `named`, else `.env` in `root` (the clone); never that of the working directory.

    A received folder may contain a `.env`, whose content decides which programs run and where keys are sent. An empty
    value sets nothing, so a copied .env.example changes nothing. Errors: DataError with all bad lines.
    """
    path = find_dotenv(environ, root) if named is None else named
    if path is None:
        return Dotenv()
    try:
        text = read_file(path, MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError([Issue(str(path), "", "is not UTF-8")]) from error
    values = {name: value for name, value in parse_dotenv(text, str(path)).items() if value}
    return Dotenv(path, values, tuple(_exposed(path)))


def find_dotenv(environ: Mapping[str, str], root: Path) -> Path | None:
    """Return the clone's `.env`; None if there is none, or it is switched off."""
    if environ.get(SWITCH_OFF, "") not in ("", "0"):
        return None
    path = root / ".env"
    return path if path.exists() else None


def _exposed(path: Path) -> Iterator[str]:
    if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        yield f"{path} may hold keys and is readable by others: chmod 600 {path}"


def parse_dotenv(text: str, file: str) -> dict[str, str]:
    """Return name -> value of a .env text; the last line counts if a name is set twice. Raises DataError, all
    issues."""
    values: dict[str, str] = {}
    issues: list[Issue] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        stripped = line.strip(" \t")
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        if match is None:
            issues.append(Issue(file, f"line {number}", "expected NAME=value (letters, digits and _ in the name)"))
            continue
        try:
            values[match[1]] = _value(match[3], spaced=bool(match[2]))
        except ValueError as error:
            issues.append(Issue(file, f"line {number}", f"{match[1]}: {error}"))
    if issues:
        raise DataError(issues)
    return values


def _value(raw: str, spaced: bool) -> str:
    """Return the value after `NAME=` and an optional gap (`spaced`). Messages never repeat it, because it may be a
    key."""
    if "\0" in raw or "\r" in raw:
        raise ValueError("control characters are refused (the line holds a carriage return or NUL)")
    if raw[:1] not in ("'", '"'):
        return "" if spaced and raw.startswith("#") else re.split(r"[ \t]#", raw, maxsplit=1)[0].rstrip(" \t")
    match = (_SINGLE if raw[0] == "'" else _DOUBLE).fullmatch(raw)
    if match is None:
        raise ValueError(f"the quote {raw[0]} does not end on its line")
    rest = match[2].strip(" \t")
    if rest and not (rest.startswith("#") and match[2][0] in " \t"):
        raise ValueError("only a comment may follow the closing quote")
    return match[1] if raw[0] == "'" else _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[0]), match[1])
