"""The content of one trial: the claim, the sentences of each seat, the sender's instruction, the rules' constants."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from arena.families.cheaptalk.claim import Claim
from arena.families.cheaptalk.experiments.experiment import CrossExam
from arena.families.cheaptalk.reputation import Reputation, ReputationConfig

SENDER, RECEIVER, SOLVER = "sender", "receiver", "solver"
ALONE = "sender, asked alone"
"""The seat in which the sender is asked for its belief: it hears nothing and nobody hears it."""

CLOSED, TO_SENDER, OPEN = "closed", "sender", "open"


@dataclass(frozen=True, slots=True)
class Constants:
    """The constants of P2 and P3."""

    cross_exam: CrossExam = field(default_factory=CrossExam)
    reputation: ReputationConfig = field(default_factory=ReputationConfig)


@dataclass(frozen=True, slots=True)
class Standing:
    """The standing of a sender under P3: the number of its earlier names, and the reputation of the present one."""

    identity: int
    reputation: Reputation


@dataclass(frozen=True, slots=True)
class Scene:
    """One trial as it is played.

    `claim`: the claim that the receiver decides about.  `told`: the claim that the sender writes about, another one in
    the shuffled control.  `held`: the sentences that the sender (or a solver) is shown, gold and distractors mixed;
    `seen`: those of the receiver.  `claim_shown`: the receiver is given the claim.  `message`: there is a sender.
    `belief`: it is asked first what it believes.  `bonus`: the text about a bonus, empty if none.
    """

    claim: Claim
    told: Claim
    held: tuple[str, ...]
    seen: tuple[str, ...]
    claim_shown: bool
    instruction: str
    constants: Constants
    message: bool = True
    belief: bool = True
    bonus: str = ""
    standing: Standing | None = None


def mixed(claim: Claim, seed: int) -> tuple[str, ...]:
    """Return gold sentences and distractors of a claim in an order that depends on claim and seed alone."""
    texts = list(dict.fromkeys((*claim.gold_texts(), *claim.distractors)))
    random.Random(f"mixed|{seed}|{claim.key}").shuffle(texts)
    return tuple(texts)
