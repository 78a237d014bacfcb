"""Fast tests whether a text may contain a code (hex, base64, a big number). Pure.

They take a hundredth of the time of a pattern. Most turns contain no code, so checks use these tests before they
search.
"""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase, digits


def _table(**kinds: str) -> bytes:
    """Return a table for bytes.translate: each sign -> the letter of its kind; all other signs -> a space."""
    table = bytearray(b" " * 256)
    for kind, signs in kinds.items():
        for sign in signs:
            table[ord(sign)] = ord(kind)
    return bytes(table)


_HEX = _table(d=digits, h="abcdefABCDEF")
_WORDS = _table(A=ascii_uppercase, a=ascii_lowercase, s=digits + "+/_=-")
LETTERS_OF_HEX = 16


def digit_or_hex(text: str) -> bool:
    """Return whether there is a digit, or a run of LETTERS_OF_HEX hex letters. Hex, numbers and base64 that are longer
    than any word have one or the other."""
    kinds = text.encode("utf-8", "surrogatepass").translate(_HEX)
    return b"d" in kinds or b"h" * LETTERS_OF_HEX in kinds


def holds_digit(text: str) -> bool:
    """Return whether there is a digit, of any script, in a text."""
    if text.isascii():
        return b"d" in text.encode().translate(_HEX)
    return any(map(str.isdigit, text))


def other_than_words(text: str) -> bool:
    """Return whether the text has a character unusual in prose: a digit, a base64 sign, a hyphen, or a capital inside a
    word."""
    kinds = text.encode("utf-8", "surrogatepass").translate(_WORDS)
    return b"s" in kinds or b"aA" in kinds or b"AA" in kinds
