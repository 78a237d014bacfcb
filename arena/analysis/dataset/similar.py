"""Near duplicates among texts, by shingles and minimum hashes. Pure and seeded.

Source: A. Broder, "On the resemblance and containment of documents", 1997. A text is the set of its runs of SHINGLE
words; its signature is, for each of HASHES functions, the smallest hash over the set. The share of equal places
estimates the resemblance (Jaccard index) with a standard error of at most 1 / (2 sqrt(HASHES)), here 0.044. Candidates
come from bands of the signature, and are then compared exactly.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

SHINGLE = 5
HASHES = 128
BANDS = 32
"""Bands of four: texts of resemblance 0.8 share one with a probability of 1 - (1 - 0.8^4)^32, above 0.9999999."""

_WORD = re.compile(r"[^\W_]+")
_PRIME = (1 << 61) - 1


def shingles(text: str) -> frozenset[int]:
    """Return the hashes of the runs of SHINGLE words of a text; of a shorter text, of all its words together."""
    words = _WORD.findall(text.casefold())
    runs = [" ".join(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1))] if words else []
    return frozenset(int.from_bytes(hashlib.blake2b(run.encode(), digest_size=8).digest()) for run in runs)


def resemblance(one: frozenset[int], other: frozenset[int]) -> float:
    """Return the Jaccard index of two sets; 1.0 for two empty ones."""
    if not one and not other:
        return 1.0
    return len(one & other) / len(one | other)


def _functions() -> tuple[tuple[int, int], ...]:
    digests = [hashlib.sha256(f"shingle {number}".encode()).digest() for number in range(HASHES)]
    return tuple((int.from_bytes(d[:8]) % (_PRIME - 1) + 1, int.from_bytes(d[8:16]) % _PRIME) for d in digests)


_FUNCTIONS = _functions()


def signature(of: frozenset[int]) -> tuple[int, ...]:
    """Return the least value of each hash function over a set; the same for equal sets."""
    return tuple(min(((a * one + b) % _PRIME for one in of), default=_PRIME) for a, b in _FUNCTIONS)


class Seen:
    """Texts that were kept. `find` names the first one that a text resembles by `least` or more."""

    def __init__(self, least: float) -> None:
        self.least = least
        self._sets: list[tuple[str, frozenset[int]]] = []
        self._bands: dict[tuple[int, tuple[int, ...]], list[int]] = {}

    def find(self, text: str) -> str | None:
        """Return the name of a kept text that is nearly the same, None if there is none."""
        own = shingles(text)
        for place in sorted({place for band in _bands(own) for place in self._bands.get(band, ())}):
            name, other = self._sets[place]
            if resemblance(own, other) >= self.least:
                return name
        return None

    def keep(self, name: str, text: str) -> None:
        own = shingles(text)
        for band in _bands(own):
            self._bands.setdefault(band, []).append(len(self._sets))
        self._sets.append((name, own))


def _bands(of: frozenset[int]) -> Iterator[tuple[int, tuple[int, ...]]]:
    whole = signature(of)
    size = HASHES // BANDS
    for number in range(BANDS):
        yield number, whole[number * size : (number + 1) * size]


def without_repeats(texts: Iterable[tuple[str, str]], least: float) -> Iterator[tuple[str, str | None]]:
    """Yield (name, name of the nearly equal kept text or None), in order."""
    seen = Seen(least)
    for name, text in texts:
        found = seen.find(text)
        if found is None:
            seen.keep(name, text)
        yield name, found
