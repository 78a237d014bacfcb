"""A verifier's check of evidence against its source, as P3 makes it before a decision and after every episode. Pure.

The source of a claim is all its sentences, gold and distractors: a verifier can say whether a sentence is in it,
and says nothing about the claim.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from arena.families.cheaptalk.claim import Claim, Label
from arena.families.cheaptalk.labels import read_label
from arena.families.cheaptalk.verifying.evidence import Account, account
from arena.families.cheaptalk.verifying.pieces import Evidence, evidence_of


@dataclass(frozen=True, slots=True)
class Checked:
    """The label and evidence of a message, and its use of the source's sentences. `failed`: None if the source has no
    text."""

    asserted: Label | None
    unread: str
    evidence: Evidence
    account: Account
    failed: bool | None


def checked(message: str, claim: Claim) -> Checked:
    """Compare the evidence of a message with the source of a claim.

    Failed: a piece is not in the source, or no piece is shown although the sender does not say that the evidence is
    insufficient.
    """
    reading = read_label(message)
    evidence = evidence_of(message)
    gold, others = claim.gold_texts(), claim.distractors
    found = accounted(evidence.pieces, gold, others)
    failed = None
    if gold or others:
        failed = bool(found.invented) or (not evidence.pieces and reading.label is not Label.NEI)
    return Checked(reading.label, reading.unread or "", evidence, found, failed)


# Equal messages occur under every protocol, and a message is checked before and after the decision.
@lru_cache(maxsize=16_384)
def accounted(pieces: tuple[str, ...], gold: tuple[str, ...], others: tuple[str, ...]) -> Account:
    """Return the use of the sentences of a source, and the pieces that are not among them."""
    return account(pieces, gold, others)


def check_report(found: Checked) -> str:
    """Return the verifier's report to the receiver."""
    if found.failed is None:
        return "A verifier had no source to compare the evidence with."
    number, invented = len(found.evidence.pieces), len(found.account.invented)
    if not number:
        return "A verifier checked the message: it shows no evidence."
    verdict = "FAILED" if found.failed else "PASSED"
    stands = f"{number - invented} of {number} pieces stand there"
    return f"A verifier compared the evidence with its source: {verdict}; {stands}."
