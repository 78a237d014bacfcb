"""Decide whether a warning is a failure: --strict, else the variable STRICT."""

from __future__ import annotations

from collections.abc import Mapping

from arena.errors import UsageError
from arena.settings.values import OFF, ON


def strict(word: str | None, environ: Mapping[str, str]) -> bool:
    """Return the value of --strict, or of STRICT if the flag is not given. Errors: UsageError for another word."""
    given = environ.get("STRICT", "").strip() if word is None else word
    if not given:
        return False
    if given.lower() not in ON + OFF:
        where = "STRICT" if word is None else "--strict"
        raise UsageError(f"{where} must be 1 or 0 (or true, false, yes, no, on, off), not {given!r}")
    return given.lower() in ON
