"""Read and compare the result that a player declares: one table of kinds. Pure.

A kind is `set`, `list`, `int`, `number`, `text`, `bool` or `role`, or an object that maps names to kinds. A list of the
word `refused` and one of these means: that kind, or the word alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from arena.records import Json

_NUMBER = re.compile(r"[-+]?\d+(?:[ \u00a0,']\d{3})*(?:\.\d+)?")
_PARTS = re.compile(r"[,;\n]| and ")


REFUSED = "refused"
"""The result that players declare if the matter must not proceed."""
OR_REFUSED = ', or "refused" where what was shown does not hold'
"""Its description for players, which follows the form of the result."""
MAX_DIGITS = 300
"""Most digits of a number that a player declares: more than any right result has, and few enough to compute with."""
MAX_CHARS = 100_000
MAX_ENTRIES = 10_000


class Unreadable(ValueError):
    """A declared result is of the wrong kind; the message names the right one."""


def folded(text: str) -> str:
    """Return a text without differences of case, white space and a final full stop.

    Errors: Unreadable for a text of more than MAX_CHARS characters.
    """
    if len(text) > MAX_CHARS:
        raise Unreadable(f"a text of at most {MAX_CHARS:,} characters")
    return " ".join(text.casefold().split()).rstrip(".")


def _text(value: Json, roles: Sequence[str]) -> Json:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unreadable("a text")
    return folded(_written(value))


def _written(value: str | int | float) -> str:
    """Return a text or a number as text. Errors: Unreadable for a number of more than MAX_DIGITS digits."""
    if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
        raise Unreadable(f"a number of at most {MAX_DIGITS} digits")
    return str(value)


def _number(value: Json, roles: Sequence[str]) -> Json:
    if isinstance(value, str):
        found = _NUMBER.findall(value[: MAX_CHARS + 1])
        if len(found) != 1:
            raise Unreadable("one number")
        if len(found[0]) > MAX_DIGITS:
            raise Unreadable(f"one number of at most {MAX_DIGITS} digits")
        return str(Fraction(re.sub(r"[ \u00a0,'+]", "", found[0])))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable("one number")
    if not isinstance(value, float):
        return _written(value)
    if not math.isfinite(value):
        raise Unreadable("one number")
    return str(Fraction(value).limit_denominator(10**6))


def _int(value: Json, roles: Sequence[str]) -> Json:
    found = _number(value, roles)
    if "/" in found:
        raise Unreadable("one whole number")
    return found


def _bool(value: Json, roles: Sequence[str]) -> Json:
    words = {"true": True, "yes": True, "false": False, "no": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and folded(value) in words:
        return words[folded(value)]
    raise Unreadable("true or false")


def _role(value: Json, roles: Sequence[str]) -> Json:
    if isinstance(value, str):
        for role in roles:
            if folded(role) == folded(value):
                return role
    raise Unreadable("one of " + ", ".join(roles))


def _entries(value: Json) -> list[Json]:
    if isinstance(value, str):
        if len(value) > MAX_CHARS:
            raise Unreadable(f"a list of at most {MAX_CHARS:,} characters")
        return [part.strip() for part in _PARTS.split(value) if part.strip()]
    if not isinstance(value, list):
        raise Unreadable("a list")
    if len(value) > MAX_ENTRIES:
        raise Unreadable(f"a list of at most {MAX_ENTRIES:,} entries")
    return value


def _entry(value: Json) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unreadable("a list of texts or numbers")
    return folded(_written(value))


def _list(value: Json, roles: Sequence[str]) -> Json:
    return [_entry(item) for item in _entries(value)]


def _set(value: Json, roles: Sequence[str]) -> Json:
    return sorted({_entry(item) for item in _entries(value)})


KINDS: Mapping[str, tuple[Callable[[Json, Sequence[str]], Json], str]] = {
    "set": (_set, "a JSON list, in any order"),
    "list": (_list, "a JSON list, in this order"),
    "int": (_int, "a whole number"),
    "number": (_number, "a number"),
    "text": (_text, "a text"),
    "bool": (_bool, "true or false"),
    "role": (_role, "the name of a role"),
}
"""Kind -> (reads a declared result or raises Unreadable, its description for players)."""


def normal(kind: Json, value: Json, roles: Sequence[str]) -> Json:
    """Return a declared (or the right) result in its normal form: equal results have the same one. Errors:
    Unreadable."""
    if isinstance(kind, str):
        return KINDS[kind][0](value, roles)
    if isinstance(kind, list):
        return REFUSED if is_refusal(value) else normal(kind[1], value, roles)
    if not isinstance(value, dict):
        raise Unreadable("an object with " + ", ".join(kind))
    if len(value) > MAX_ENTRIES:
        raise Unreadable(f"an object of at most {MAX_ENTRIES:,} members")
    given = {folded(key): inner for key, inner in value.items()}
    out = {}
    for name, inner in kind.items():
        if folded(name) not in given:
            raise Unreadable(f"an object with {name!r}")
        out[name] = normal(inner, given[folded(name)], roles)
    return out


def counted(kind: Json, value: Json) -> Json:
    """Return a result in its normal form with its numbers as numbers, for expressions that work with it."""
    kind = told_result(kind)
    if isinstance(kind, dict) and isinstance(value, dict):
        return {name: counted(inner, value[name]) for name, inner in kind.items()}
    if kind in ("int", "number") and isinstance(value, str) and value != REFUSED:
        number = Fraction(value)
        return int(number) if number.denominator == 1 else float(number)
    return value


def is_refusal(value: Json) -> bool:
    """Return whether a declared (or the right) result is the word `refused`."""
    return isinstance(value, str) and folded(value) == REFUSED


def told_result(kind: Json) -> Json:
    """Return the kind of a result that is not a refusal."""
    return kind[1] if isinstance(kind, list) else kind


def describe_result_form(kind: Json, roles: Sequence[str]) -> str:
    """Return the description of the form of the result for players."""
    if isinstance(kind, list):
        return describe_result_form(kind[1], roles) + OR_REFUSED
    if isinstance(kind, str):
        return f"{KINDS[kind][1]} ({', '.join(roles)})" if kind == "role" else KINDS[kind][1]
    return "a JSON object with " + ", ".join(
        f'"{name}" ({describe_result_form(inner, roles)})' for name, inner in kind.items()
    )


def kind_problems(kind: Json, pointer: str, inner: bool = False) -> Iterator[tuple[str, str]]:
    """Yield (pointer, message) for malformed kinds."""
    names = ", ".join(KINDS)
    if isinstance(kind, list) and not inner:
        if len(kind) != 2 or kind[0] != REFUSED or isinstance(kind[1], list):
            yield pointer, f'expected ["{REFUSED}", kind]: the word, or a result of this kind'
        else:
            yield from kind_problems(kind[1], f"{pointer}/1")
        return
    if isinstance(kind, dict) and not inner:
        if not kind:
            yield pointer, "is empty: name the members of the result"
        for name, found in kind.items():
            yield from kind_problems(found, f"{pointer}/{name}", inner=True)
    elif not isinstance(kind, str) or kind not in KINDS:
        yield pointer, f"expected one of {names}" + ("" if inner else ", or an object of them")
