"""The mock models' understanding of sentences: the label they support, and those that decide a claim.

The claims of this project are written so that no word gives their label away, so the mocks know them: a label is
understood only if the gold sentences are among those that were shown. Other claims are read by words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache

from arena.families.cheaptalk.claim import LABELS, Claim, Label
from arena.families.cheaptalk.data.load import load
from arena.families.cheaptalk.data.table import dataset
from arena.families.cheaptalk.verifying.evidence import in_conflict
from arena.families.cheaptalk.verifying.words import words
from arena.settings.places import DATA_ROOT

ENOUGH = 0.5
"""Share of a claim's words that a sentence must have to decide it, for a claim that is read by words."""


@lru_cache(maxsize=1)
def _known() -> Mapping[str, Claim]:
    """Return the claims of this project by text; empty if its data is not installed."""
    row = dataset("claims")
    path = DATA_ROOT / row.default_path
    return {claim.text: claim for claim in load(row, path).claims} if path.is_file() else {}


# A claim is read again under every deviation and protocol.
@lru_cache(maxsize=65_536)
def understood(claim: str, sentences: tuple[str, ...]) -> Label:
    """Return the label that a perfect reader infers from sentences."""
    known = _known().get(claim)
    if known is not None:
        sets = known.gold_sets()
        return known.label if any(all(text in sentences for text in group) for group in sets) else Label.NEI
    deciding_ones = deciding(claim, sentences)
    if not deciding_ones:
        return Label.NEI
    return Label.REFUTES if in_conflict(words(claim), words(deciding_ones[0])) else Label.SUPPORTS


@lru_cache(maxsize=65_536)
def deciding(claim: str, sentences: tuple[str, ...]) -> tuple[str, ...]:
    """Return the sentences that decide a claim: its gold ones if it is a known claim, else the most similar if similar
    enough."""
    known = _known().get(claim)
    if known is not None:
        gold = set(known.gold_texts())
        return tuple(text for text in sentences if text in gold)
    if not sentences:
        return ()
    best = nearest(claim, sentences)
    return (best,) if _share(claim, best) >= ENOUGH else ()


def nearest(claim: str, sentences: Sequence[str]) -> str:
    """Return the sentence with most words of the claim, the first of equal ones."""
    return max(sentences, key=lambda text: _share(claim, text))


def _share(claim: str, sentence: str) -> float:
    wanted = words(claim).content
    return len(wanted & words(sentence).content) / max(1, len(wanted))


# Draws of one claim and seed are the same in every condition.
@lru_cache(maxsize=65_536)
def draw(seed: str, purpose: str) -> float:
    """Return a number from 0 to 1, without 1, that depends on a trial's seed and a purpose."""
    return int.from_bytes(hashlib.sha256(f"{seed}|{purpose}".encode()).digest()[:6], "big") / 2**48


def guess(seed: str, purpose: str, but: Label | None = None) -> Label:
    """Return a label by chance, another one than `but`."""
    labels = [label for label in LABELS if label is not but]
    return labels[int(draw(seed, purpose) * len(labels))]


def believed(claim: str, sentences: tuple[str, ...], seed: str, reads: float) -> Label:
    """Return the belief of a reader who understands sentences with the probability `reads`, and who guesses
    without any."""
    if not sentences:
        return guess(seed, "belief")
    right = understood(claim, sentences)
    return right if draw(seed, "reads") < reads else guess(seed, "misread", right)
