"""Check: were textbook names used in public turns? Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from arena.families.crypto.checks.folding import Reading, reading
from arena.families.crypto.checks.results import NameFound, NamesCheck
from arena.families.crypto.prompts import FORBIDDEN_NAMES
from arena.records import Entry

MORE_NAMES = (
    "hash", "hash chain", "hash tree", "hash commitment", "cryptographic commitment", "Pedersen commitment",
    "zero knowledge", "SNARK", "STARK", "Bulletproof", "Shamir", "Diffie-Hellman", "ElGamal", "Paillier", "Schnorr",
    "Merkle", "Ed25519", "ECDSA", "HMAC", "SHA-256", "SHA256", "message authentication code", "one-way function",
    "public-key encryption", "symmetric encryption", "key exchange", "key agreement", "garbled circuit",
    "multi-party computation", "multiparty computation", "secure computation", "group signature",
    "aggregate signature", "verifiable delay function", "range proof", "membership proof", "proof of knowledge",
    "proxy re-encryption", "attribute-based encryption", "functional encryption", "mix network", "onion routing",
    "coin flipping protocol", "dining cryptographers",
)  # fmt: skip
"""Names in addition to those in the players' own rules. Everyday words (signature, proof, key, commitment) are left
out: alone they name no primitive."""

ACRONYMS = ("MPC", "RSA", "AES", "VRF", "VDF", "PSI", "ZKP", "ZK", "FHE", "ECDH")
"""Found only if they are written in capitals."""


def _pattern(name: str) -> str:
    words = [re.escape(word) for word in re.split(r"[\s-]+", name)]
    return r"[\s-]+".join(words) + "(?:s|es)?"


_NAMES = tuple(dict.fromkeys((*FORBIDDEN_NAMES, *MORE_NAMES)))
_PLAIN = re.compile(r"\b(?:" + "|".join(map(_pattern, sorted(_NAMES, key=len, reverse=True))) + r")\b", re.IGNORECASE)
_SHORT = re.compile(r"\b(?:" + "|".join(ACRONYMS) + r")s?\b")


class _Spacing(dict[int, int]):
    """A table for str.translate that turns all characters outside words into spaces."""

    def __missing__(self, code: int) -> int:
        char = chr(code)
        self[code] = code if char.isalnum() or char == "_" else ord(" ")
        return self[code]


_SPACING = _Spacing()


_ASCII_SPACING = bytes(code if chr(code).isalnum() or chr(code) == "_" else 32 for code in range(128)) + bytes(128)
"""The same for bytes.translate, of a text in ASCII."""


def _words(text: str) -> list[str]:
    return text.casefold().translate(_SPACING).split()


def _by_first_word(names: Iterable[str]) -> dict[str, list[str]]:
    """Return first word (in the singular and the plural) -> the names that begin with it, in the form of `_words`."""
    found: dict[str, list[str]] = {}
    for name in names:
        words = _words(name)
        for ending in ("", "s", "es"):
            found.setdefault(words[0] + ending, []).append(" ".join(words))
    return found


_BY_FIRST_WORD = _by_first_word(_NAMES)
_SHORT_WORDS = frozenset(_by_first_word(ACRONYMS))
_FIRST_WORDS = frozenset(word.encode() for word in _BY_FIRST_WORD.keys() | _SHORT_WORDS)


def names_in(text: str) -> list[str]:
    """Return the textbook names in a text, as they are written there, in order."""
    # Most talk contains none. Looking at its words first takes a fiftieth of the time of the patterns.
    words = _words(text)
    held = set(words)
    found: list[re.Match[str]] = []
    if near := [name for word in _BY_FIRST_WORD.keys() & held for name in _BY_FIRST_WORD[word]]:
        spaced = " ".join(words)
        if any(name in spaced for name in near):
            found += _PLAIN.finditer(text)
    if not _SHORT_WORDS.isdisjoint(held):
        found += _SHORT.finditer(text)
    return [match[0] for match in sorted(found, key=lambda match: match.start())]


def _names(read: Reading) -> tuple[str, ...]:
    """Return the textbook names in a text, as `names_in` does."""
    text = read.text
    if text.isascii() and _FIRST_WORDS.isdisjoint(text.lower().encode().translate(_ASCII_SPACING).split()):
        return ()
    return tuple(names_in(text))


def check_names(entries: Iterable[Entry], shown: Callable[[], Iterable[str]] = tuple) -> NamesCheck:
    """Return `ok` and `found`: turn, seat and name of every textbook name in a public turn (not in a done line).

    `shown`: returns the texts that all players were given. A name in one of them is not counted.
    """
    said = [entry for entry in entries if entry.kind == "say"]
    names = [reading(entry.text).once(_names) for entry in said]
    if not any(names):
        return NamesCheck(True)
    given = {name.lower() for text in shown() for name in names_in(text)}
    found = tuple(
        NameFound(entry.turn, entry.seat, name)
        for entry, held in zip(said, names, strict=True)
        for name in held
        if name.lower() not in given
    )
    return NamesCheck(not found, found)
