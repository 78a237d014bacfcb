"""Draw claims and distractors by seed. Pure: the same claims and seed give the same draw on every machine."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Sequence
from dataclasses import replace

from arena.errors import UsageError
from arena.families.cheaptalk.claim import Claim


def sample(claims: Sequence[Claim], count: int, seed: int) -> tuple[Claim, ...]:
    """Return `count` claims in an order that depends on the seed and on their keys, not on their place in the file.

    A smaller sample of the same seed is the beginning of a larger one. Raises UsageError for more than there are.
    """
    if count < 1 or count > len(claims):
        raise UsageError(f"{count} claims are asked for and the data has {len(claims)}: give 1 to {len(claims)}")
    return tuple(sorted(claims, key=lambda claim: (_place(seed, claim.key), claim.key))[:count])


def _place(seed: int, key: str) -> bytes:
    return hashlib.sha256(f"{seed}|{key}".encode()).digest()


def with_distractors(claims: Sequence[Claim], count: int, seed: int) -> tuple[Claim, ...]:
    """Return the claims with at least `count` distractors each; missing ones are borrowed from other claims' gold
    sentences.

    A claim never borrows a sentence that is gold for its text under any label; in symmetric pairs that is the sentence
    of the other label. Claims keep fewer if the others have no more sentences. A borrowed sentence is about something
    else, so it is easier to distinguish from gold than a distractor of the data.
    """
    own: dict[str, set[str]] = {}
    for claim in claims:
        own.setdefault(claim.text, set()).update(claim.gold_texts())
    pool = list(dict.fromkeys(text for claim in claims for text in claim.gold_texts()))
    return tuple(
        replace(claim, distractors=(*claim.distractors, *_borrowed(claim, pool, own[claim.text], count, seed)))
        for claim in claims
    )


def _borrowed(claim: Claim, pool: Sequence[str], own: set[str], count: int, seed: int) -> list[str]:
    """Return sentences of the pool until the claim has `count` distractors."""
    wanted = count - len(claim.distractors)
    taken = own | set(claim.distractors)
    found: list[str] = []
    if wanted <= 0 or not pool:
        return found
    # From a random start through the whole pool, in steps that reach every place: no sentence is tried twice.
    source = random.Random(f"{seed}|{claim.key}")
    start, step = int(source.random() * len(pool)), _coprime_step(source.random(), len(pool))
    for turn in range(len(pool)):
        text = pool[(start + turn * step) % len(pool)]
        if text not in taken:
            found.append(text)
            if len(found) == wanted:
                break
    return found


def _coprime_step(share: float, size: int) -> int:
    """Return a step below `size` that shares no factor with it."""
    step = 1 + int(share * max(1, size - 1))
    while math.gcd(step, size) != 1:
        step = step % size + 1
    return step
