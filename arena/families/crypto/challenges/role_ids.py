"""Role ids that cannot be confused with each other, with the arena's names, or with the beginning of a line.

The role id at the beginning of a line tells players who wrote it (play/hearing.py). So an id may contain nothing
invisible and must not look like another one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from arena.play.hearing import ARROW

_HIDDEN = ("Cf", "Cc", "Cs", "Co", "Cn", "Zl", "Zp", "Me")
"""Unicode categories of characters that are invisible or change adjacent ones: format characters (zero-width signs,
bidirectional marks, soft hyphens), controls, surrogates, private and unassigned ones, enclosing marks."""

_ACCENTS = range(0x300, 0x370)
_SELECTORS = frozenset((*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
"""Accents of Latin, Greek and Cyrillic letters, and variation selectors. Other scripts write vowels as marks, so these
stay."""

MARKS = ":|"
"""Characters that separate a speaker from the text, here and in most transcripts."""

TAKEN = (
    "user",
    "assistant",
    "system",
    "tool",
    "calculator",
    "calculator results",
    "arena",
    "judge",
    "setup",
    "everybody",
)
"""Names that the arena, or a chat, uses for others than roles."""

_LOOKS = str.maketrans(
    {
        **dict(zip("0135|!", "oiesii", strict=True)),
        "l": "i",
        # Cyrillic, Greek and other letters that look like Latin ones (Unicode Technical Standard 39, confusables).
        **dict(zip("аеорсухіјѕһԁԛԝкмнтвгпӏ", "aeopcyxijshdqwkmhtbrni", strict=True)),
        **dict(zip("αβεηικμνορτυχωγζ", "abeniikvopryxwyz", strict=True)),
        **dict(zip("ıʟɑɡƨ", "iiags", strict=True)),
    }
)
"""Character -> the one as which it is compared, in folded case."""


def hidden_sign(role: str) -> str:
    """Return the name of the first sign of a role id that readers cannot see; empty if there is none."""
    for sign in unicodedata.normalize("NFC", role):
        loose = ord(sign) in _ACCENTS or ord(sign) in _SELECTORS  # an accent that its letter has no form with
        if loose or unicodedata.category(sign) in _HIDDEN:
            return f"U+{ord(sign):04X} {unicodedata.name(sign, '')}".rstrip()
    return ""


@lru_cache(maxsize=1024)
def skeleton(role: str) -> str:
    """Return the skeleton of a role id: ids with equal skeletons look alike.

    Compatibility forms, case, accents, invisible characters, spaces and joining characters make no difference in it,
    and letters that look alike are one letter.
    """
    wide = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", role).casefold())
    seen = (sign for sign in wide if unicodedata.category(sign)[0] not in "CZ" and ord(sign) not in _ACCENTS)
    kept = "".join(sign for sign in seen if sign not in "-_.'\u2019")
    return kept.translate(_LOOKS).replace("rn", "m").replace("vv", "w")


def role_problem(role: str, earlier: Sequence[str]) -> str:
    """Return the problem with a role id, given the earlier ones of its challenge; empty if it is sound."""
    hidden = hidden_sign(role)
    if hidden:
        return f"holds {hidden}, which readers cannot see; remove it"
    mark = next((sign for sign in MARKS if sign in role), "")
    if mark:
        return f"holds {mark!r}, which stands between a speaker and a line; leave it out"
    if ARROW.strip() in role:
        return f"holds {ARROW.strip()!r}, which separates a speaker from the audience of a private message"
    if role.startswith("(") or role != role.strip():
        return "must not begin with a parenthesis, as notes of the arena do, nor begin or end with a space"
    looks = skeleton(role)
    if not looks:
        return "has nothing by which readers could tell it"
    for other in earlier:
        if role != other and skeleton(other) == looks:
            return f"looks like {other!r}; readers could not tell them apart"
    if any(skeleton(name) == looks for name in TAKEN):
        return "is what the arena or a chat calls somebody else; choose another"
    return ""
