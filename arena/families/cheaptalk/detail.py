"""The findings about one episode: the class of Score.detail, with all that metrics and result files need.

The transcript itself is in the record; `Read` has the values read from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from arena.families.cheaptalk.claim import Label
from arena.families.cheaptalk.payoff import Breakdown
from arena.families.cheaptalk.reputation import Reputation, Update


@dataclass(frozen=True, slots=True)
class TaskDetail:
    """The claim that was decided. `evidence`: its gold sentences, each once."""

    task_id: str
    claim: str
    label: Label
    evidence: tuple[str, ...]
    dataset: str
    difficulty: str | None


@dataclass(frozen=True, slots=True)
class Condition:
    """The condition under which the episode was played.

    `deviation`: as assigned. `acted`: the instruction to the sender in this episode; it differs from `deviation` only
    for deviations with a condition (`milk` acts `honest` at first). `repetition`: the place of `seed` among the run's
    seeds. `milestones`: those whose result files the episode belongs to. `bonus`: None if no seat knew of one.
    """

    protocol: str
    deviation: str
    acted: str
    sender: str
    receiver: str
    information: str
    seed: int
    repetition: int
    milestones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """The values read from the transcript. A label is None if none could be read, and `*_unread` gives the reason.

    `predicted`: of the receiver. `asserted`: of the sender. `belief`: the label that the sender itself believes; it was
    asked for it alone, before it wrote and without its instruction. `decision`: the word in the receiver's Decision
    field.
    """

    predicted: Label | None
    predicted_unread: str
    asserted: Label | None
    asserted_unread: str
    belief: Label | None
    belief_unread: str
    decision: str
    messages: int


@dataclass(frozen=True, slots=True)
class EvidenceDetail:
    """The evidence of the message: its pieces, and the use of the sentences that the sender was shown.

    All but `provided` and `pieces` is empty if the sender was shown none (`held` is False).
    """

    provided: bool
    pieces: tuple[str, ...]
    held: bool
    gold_shown: tuple[str, ...]
    gold_kept: tuple[str, ...]
    distractors_shown: tuple[str, ...]
    invented: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VerifierDetail:
    """The verifier's result (verifier.Verification) without its label. The `llm_` members are of a rated episode."""

    label_correct: bool
    match: float | None
    string_match: float | None
    strict_match: float | None
    fever: bool | None
    gold_sentences: int
    pieces: int
    rated: bool
    llm_score: float | None
    llm_scores: tuple[float, ...] | None
    llm_fault: str
    skipped: str | None


@dataclass(frozen=True, slots=True)
class PayoffDetail:
    """The sender's payoff.

    `paid`: weighted by reputation under P3, otherwise the payoff of the breakdown. `target`: the label that a bonus
    would be paid for; `adopted`: whether the receiver decided for it. `cost_factor`: by how much the sender's
    reputation raised the cost of a claim.
    """

    name: str
    version: str
    breakdown: Breakdown
    paid: float
    receiver: float
    target: Label
    adopted: bool
    compliant: bool
    cross_exam: float | None
    verification_failed: bool | None
    cost_factor: float
    sender_tokens: int
    receiver_tokens: int


@dataclass(frozen=True, slots=True)
class ReputationDetail:
    """One step of a sender's reputation. `identity` counts the names that it has taken, from 0."""

    agent_id: str
    identity: int
    before: Reputation
    after: Reputation
    passed: bool
    slashed: bool
    redeemed: bool
    forced: bool

    @property
    def update(self) -> Update:
        return Update(self.before, self.after, self.passed, self.slashed, self.redeemed)


@dataclass(frozen=True, slots=True)
class MethodDetail:
    """How a baseline reached its decision: the labels it wrote in order, None if unparsable, and their votes."""

    predictions: tuple[Label | None, ...]
    vote_counts: Mapping[str, int]
    majority_votes: int
    agreement_rate: float | None


@dataclass(frozen=True, slots=True)
class Spent:
    """The usage of all seats, and the limits of the episode; None: no limit. `exhausted`: a limit ended it early."""

    tokens: int
    calls: int
    max_tokens: int | None
    max_calls: int | None
    exhausted: bool


@dataclass(frozen=True, slots=True)
class EpisodeDetail:
    """One finished episode. `behaved`: whether the sender followed its deviation; None: not checked."""

    episode_id: str
    task: TaskDetail
    condition: Condition
    read: Read
    evidence: EvidenceDetail
    verifier: VerifierDetail
    payoff: PayoffDetail
    behaved: bool | None
    reputation: ReputationDetail | None
    method: MethodDetail | None
    spent: Spent
