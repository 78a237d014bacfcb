"""The matches of evidence with gold sentences that a payoff may count: one row each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from arena.families.cheaptalk.claim import Claim
from arena.families.cheaptalk.verifying.evidence import strict_match, string_match

Match = Callable[[Sequence[str], Claim], float | None]
"""Pieces and a claim -> 0 to 1; None if the claim has no text to match with."""


def strict(pieces: Sequence[str], claim: Claim) -> float | None:
    """Return the F1 of content words against the best gold set."""
    return strict_match(pieces, claim.gold_sets(), claim.text)


def string(pieces: Sequence[str], claim: Claim) -> float | None:
    """Return the predecessor's share of gold sentences that have words in common with a piece."""
    return string_match(pieces, claim.gold_texts())


MATCHES: dict[str, Match] = {
    "strict": strict,
    "string": string,
}
"""Value of --evidence-match -> match."""
