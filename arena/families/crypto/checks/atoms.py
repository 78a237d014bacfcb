"""The atoms of a value (its texts and numbers), and the forms in which each may be written. Pure.

The forms: plain, encoded (hex, base64, base32, decimal), backwards, sign by sign.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from arena.families.crypto.checks.code_hints import holds_digit, other_than_words
from arena.families.crypto.checks.folding import Reading, ascii_words, fold
from arena.families.crypto.checks.number_words import DIGITS, LARGER, MAX_NEXT, goes_on, number_words
from arena.records import Json

MIN_ENCODED_CHARS = 6
"""Shorter codes occur by chance in long ones."""

_TOKEN = re.compile(r"[A-Za-z0-9+/_-]{6,}={0,2}")
_HEX = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2}){3,})")
_BASE32 = re.compile(r"[A-Z2-7]{8,}={0,6}")
_PRINTABLE = re.compile(r"[\x20-\x7e\u00a1-\uffff]{2,}")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip

MIN_REVERSED_CHARS = 4
MIN_SPACED_CHARS = 3
MIN_COMPACT_CHARS = 8
"""With its separators removed, a text contains many numbers that nobody wrote. Shorter ones are found by chance."""

_NO_WORD = re.compile(r"[\W_]+")
_NO_ASCII_WORD = {code: None for code in range(128) if not chr(code).isalnum()}
_SINGLE = frozenset(map(str.encode, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
_SPACED = re.compile(r"(?<![^\W_])[^\W_](?:[\W_]{1,3}[^\W_])+(?![^\W_])")


def atoms(value: Json) -> Iterator[str | int]:
    """Yield the texts and whole numbers of a value. Truth values and fractions are left out: finding one proves
    nothing."""
    if isinstance(value, list):
        for inner in value:
            yield from atoms(inner)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from atoms(inner)
    elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        yield value


MOST_KEPT = 1024
"""Number of values whose forms are kept. It exceeds what one match draws, and bounds the memory of a run."""


@lru_cache(maxsize=MOST_KEPT)
def plain_forms(atom: str | int) -> tuple[str, ...]:
    """Return the plain forms of an atom, folded."""
    if isinstance(atom, int):
        text = str(atom)
        grouped = f"{atom:,}"
        signs = tuple(grouped.replace(",", sign) for sign in ",.' ") if grouped != text else ()
        return (text, *signs, *number_words(atom))
    folded = fold(atom)
    try:
        day = date.fromisoformat(atom)
    except ValueError:
        return (folded,)
    month = _MONTHS[day.month - 1]
    return (
        folded,
        f"{day.day} {month} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{day.day:02}.{day.month:02}.{day.year}",
        f"{day.day:02}/{day.month:02}/{day.year}",
        f"{day:%Y%m%d}",
    )


@lru_cache(maxsize=MOST_KEPT)
def disguised_forms(atom: str | int) -> tuple[str, ...]:
    """Return an atom written backwards, folded; empty for a short one, which may occur by chance."""
    text = fold(str(atom))
    return (text[::-1],) if len(text) >= MIN_REVERSED_CHARS and text != text[::-1] else ()


def compact(text: str) -> str:
    """Return a folded text without anything but letters and digits."""
    return text.translate(_NO_ASCII_WORD) if text.isascii() else _NO_WORD.sub("", text)


def spaced_out(text: str) -> str:
    """Return the parts of a folded text that are written sign by sign (`4-1-5`, `d o v e r`), one a line."""
    words = ascii_words(text)
    if words is not None and b"\1\1" not in bytes(map(_SINGLE.__contains__, words)):
        return ""
    return "\n".join(compact(match[0]) for match in _SPACED.finditer(text))


def is_disguised(atom: str | int, text: str, pieces: str, whole: str) -> bool:
    """Return whether a folded text contains an atom backwards, sign by sign, or, if it is long, with any separators.

    `pieces`: `spaced_out` of the text; `whole`: `compact` of it.
    """
    bare = compact(fold(str(atom)))
    if any(_stands(form, text) for form in disguised_forms(atom)):
        return True
    if len(bare) >= MIN_SPACED_CHARS and bare in pieces.split("\n"):
        return True
    return len(bare) >= MIN_COMPACT_CHARS and not bare.isalpha() and bare in whole and not _stands(bare, text)


def named(atom: str | int, text: str) -> bool:
    """Return whether an atom occurs in a folded text as a separate word or number."""
    if isinstance(atom, int) and not _may_hold_number(text):
        return False
    return any([form for form in plain_forms(atom) if form in text and _stands(form, text)])


@lru_cache(maxsize=16)
def _may_hold_number(folded: str) -> bool:
    """Return whether a folded text can contain a number, in digits or words; much talk cannot, and this is quick.

    In words, a number from 21 on has one of LARGER, or is written digit by digit in three words or more.
    """
    if holds_digit(folded) or any(word in folded for word in LARGER):
        return True
    return sum(map(folded.count, DIGITS)) > 2


def _stands(form: str, text: str) -> bool:
    at = text.find(form) if form else -1
    while at >= 0:
        end = at + len(form)
        before, after = text[at - 1 : at], text[end : end + 1]
        apart = not (before.isalnum() or before == "_" or after.isalnum() or after == "_")
        if apart and not goes_on(form, text[end : end + MAX_NEXT]):
            return True
        at = text.find(form, at + 1)
    return False


def encoded_forms(atom: str | int) -> frozenset[str]:
    """Return the encoded forms of an atom: hex, base64, base32 and decimal of each reading of it as bytes. A number
    also has binary and octal forms."""
    readings = [str(atom).encode()]
    if isinstance(atom, int):
        readings.append(atom.to_bytes((atom.bit_length() + 7) // 8 or 1, "big", signed=False) if atom >= 0 else b"")
    elif re.fullmatch(r"(?:[0-9a-f]{2})+", atom):
        readings.append(bytes.fromhex(atom))
    forms = set()
    for data in readings:
        coded = base64.b64encode(data).decode().rstrip("=")
        forms |= {data.hex(), data.hex().lstrip("0"), coded, coded.replace("+", "-").replace("/", "_")}
        forms |= {str(int.from_bytes(data, "big")), base64.b32encode(data).decode().rstrip("=")}
    if isinstance(atom, int) and atom > 0:
        forms |= {f"{atom:b}", f"{atom:o}"}
    return frozenset(form for form in forms if len(form) >= MIN_ENCODED_CHARS) - frozenset(plain_forms(atom))


def decoded_texts(text: str) -> Iterator[str]:
    """Yield the printable decodings of the codes in a text: hex, base64, base32 and big numbers."""
    for match in _TOKEN.finditer(text) if other_than_words(text) else ():
        token = match[0]
        if token.isalpha() and (token.islower() or token.istitle()):
            continue  # a word
        candidates = []
        if found := _HEX.fullmatch(token):
            candidates.append(bytes.fromhex(found[1]))
        if token.isdecimal() and len(token) <= 2000:
            number = int(token)
            candidates.append(number.to_bytes((number.bit_length() + 7) // 8 or 1, "big"))
        if _BASE32.fullmatch(token):
            body = token.rstrip("=")
            candidates.append(base64.b32decode(body[: len(body) // 8 * 8] + _last_of_base32(body)))
        body = token.rstrip("=").replace("-", "+").replace("_", "/")
        if len(body) % 4 != 1:
            candidates.append(base64.b64decode(body + "=" * (-len(body) % 4)))
        for data in candidates:
            try:
                read = data.decode()
            except UnicodeDecodeError:
                continue
            if _PRINTABLE.fullmatch(read):
                yield fold(read)


def decoded_in(read: Reading) -> tuple[str, ...]:
    """Return the printable decodings of the codes in a text."""
    return tuple(decoded_texts(read.clean))


def _last_of_base32(body: str) -> str:
    """Return the last, incomplete group of a base32 text with its padding; none if no bytes give such a group."""
    rest = body[len(body) // 8 * 8 :]
    return rest + "=" * (8 - len(rest)) if len(rest) in (2, 4, 5, 7) else ""


@lru_cache(maxsize=MOST_KEPT)
def encoded_with_lower(atom: str | int) -> tuple[tuple[str, str], ...]:
    """Return the encoded forms of an atom, each with itself in lower case."""
    return tuple([(form, form.lower()) for form in encoded_forms(atom)])


def stands_encoded(atom: str | int, text: str, lower: str | None = None) -> bool:
    """Return whether a text contains an atom in encoded form, as a separate code or as a part of a long one.

    `lower`: the text in lower case, so that a caller with many atoms computes it once.
    """
    low = text.lower() if lower is None else lower
    for form, form_low in encoded_with_lower(atom):
        if form_low not in low:
            continue
        if re.search(rf"(?<![A-Za-z0-9+/_]){re.escape(form)}(?![A-Za-z0-9+/_])", text) or (
            len(form) >= 16 and form in text
        ):
            return True
    return False
