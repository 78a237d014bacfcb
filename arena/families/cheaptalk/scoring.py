"""One finished episode -> its detail: labels, verification, payoff, and the new reputation. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from arena.families.cheaptalk.claim import Claim, Label
from arena.families.cheaptalk.cross_exam import cross_exam_penalty
from arena.families.cheaptalk.detail import (
    Condition,
    EpisodeDetail,
    EvidenceDetail,
    PayoffDetail,
    ReputationDetail,
    Spent,
    TaskDetail,
    VerifierDetail,
)
from arena.families.cheaptalk.deviations.deviation import Conduct as Followed
from arena.families.cheaptalk.deviations.table import BASELINE, behaved
from arena.families.cheaptalk.metrics.episodes import NO_MESSAGE
from arena.families.cheaptalk.payoff import (
    Conduct,
    Payoff,
    PayoffConfig,
    is_compliant,
    receiver_payoff,
    target_label,
    with_reputation,
)
from arena.families.cheaptalk.protocols.p3_slashing import is_forced
from arena.families.cheaptalk.reading import Heard
from arena.families.cheaptalk.reputation import update
from arena.families.cheaptalk.scene import RECEIVER, SENDER, SOLVER, Scene
from arena.families.cheaptalk.verifying.checking import Checked, checked
from arena.families.cheaptalk.verifying.matches import Match
from arena.families.cheaptalk.verifying.rating import Rating, Weights
from arena.families.cheaptalk.verifying.verifier import EvidenceVerification, verify
from arena.records import Transcript


@dataclass(frozen=True, slots=True)
class Paying:
    """How episodes are paid. `match`: the match that counts; `rated`: a model rates evidence too."""

    payoff: Payoff
    config: PayoffConfig
    match: Match
    rated: bool
    weights: Weights
    dataset: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished episode with all that was read from it."""

    key: str
    series: str | None
    scene: Scene
    condition: Condition
    transcript: Transcript
    heard: Heard
    spent: Spent


def score_episode(finished: Finished, rating: Rating | None, paying: Paying) -> EpisodeDetail:
    """Return the findings about an episode."""
    scene, heard, condition = finished.scene, finished.heard, finished.condition
    found = checked(heard.message, scene.told)
    verification = verify(scene.claim, heard.read.predicted, found.evidence, rating, paying.weights, paying.match)
    of_claim = found if scene.told is scene.claim else checked(heard.message, scene.claim)
    reputation = _reputation(finished, of_claim, verification)
    evidence = _evidence(found, scene)
    followed = None
    if condition.deviation not in (BASELINE, NO_MESSAGE):
        followed = behaved(condition.acted, Followed(heard.read.asserted, heard.read.belief, evidence))
    return EpisodeDetail(
        episode_id=episode_id(finished.key, scene.claim.key, condition),
        task=task_detail(scene.claim, paying.dataset),
        condition=condition,
        read=heard.read,
        evidence=evidence,
        verifier=_verifier(verification),
        payoff=_payoff(finished, verification, reputation, of_claim, paying),
        behaved=followed,
        reputation=reputation,
        method=heard.method,
        spent=finished.spent,
    )


_PREFIXES = {"self_consistency": "sc", "self_refine": "sr"}


def episode_id(key: str, task: str, condition: Condition) -> str:
    """Return the predecessor's form of an id, with a digest of the trial's key instead of random digits."""
    digits = hashlib.sha256(key.encode()).hexdigest()[:8]
    for kind, prefix in _PREFIXES.items():
        if condition.protocol.startswith(kind):
            return f"{prefix}_{task}_{digits}"
    return f"ep_{task}_{condition.deviation}_{digits}"


def task_detail(claim: Claim, dataset: str) -> TaskDetail:
    return TaskDetail(claim.key, claim.text, claim.label, claim.gold_texts(), dataset, claim.difficulty)


def _evidence(found: Checked, scene: Scene) -> EvidenceDetail:
    """Return the evidence of a message; a sender without sentences withheld none."""
    held, account = bool(scene.held), found.account
    return EvidenceDetail(
        provided=found.evidence.provided,
        pieces=found.evidence.pieces,
        held=held,
        gold_shown=account.gold_shown if held else (),
        gold_kept=account.gold_kept if held else (),
        distractors_shown=account.distractors_shown if held else (),
        invented=account.invented if held else (),
    )


def _verifier(found: EvidenceVerification) -> VerifierDetail:
    rating = found.rating
    return VerifierDetail(
        label_correct=found.label_correct,
        match=found.match,
        string_match=found.string_match,
        strict_match=found.strict_match,
        fever=found.fever,
        gold_sentences=found.gold_sentences,
        pieces=found.pieces,
        rated=rating is not None,
        llm_score=None if rating is None else rating.mean,
        llm_scores=None if rating is None else rating.scores,
        llm_fault="" if rating is None else rating.fault,
        skipped=found.skipped,
    )


def _payoff(
    finished: Finished,
    verification: EvidenceVerification,
    reputation: ReputationDetail | None,
    found: Checked,
    paying: Paying,
) -> PayoffDetail:
    scene, heard, condition, config = finished.scene, finished.heard, finished.condition, paying.config
    target = target_label(scene.claim.key, condition.seed)
    failed = found.failed if reputation is not None and reputation.forced else None
    factor = 1.0
    if reputation is not None:
        factor = reputation.before.cost_multiplier(scene.constants.reputation)
        config = replace(
            config,
            token_cost_per_1k=config.token_cost_per_1k * factor,
            tool_call_cost=config.tool_call_cost * factor,
        )
    compliant = is_compliant(verification.evidence_provided, heard.read.asserted)
    adopted = heard.read.predicted is target
    mine, theirs = _tokens(finished.transcript)
    conduct = Conduct(
        right=verification.label_correct,
        match=verification.match,
        evidence_provided=verification.evidence_provided,
        compliant=compliant,
        tokens=mine,
        cross_exam=None if heard.answers is None else cross_exam_penalty(heard.answers),
        verification_failed=failed,
        adopted=adopted,
        deviation=condition.acted,
    )
    breakdown = paying.payoff.of(conduct, config)
    paid = breakdown.payoff
    if reputation is not None:
        constants = scene.constants.reputation
        paid = with_reputation(
            paid, reputation.before.score, bool(failed), constants.slashing_penalty, constants.rep_floor
        )
    return PayoffDetail(
        name=paying.payoff.name,
        version=paying.payoff.version,
        breakdown=breakdown,
        paid=paid,
        receiver=receiver_payoff(verification.label_correct, theirs, paying.config),
        target=target,
        adopted=adopted,
        compliant=compliant,
        cross_exam=conduct.cross_exam,
        verification_failed=failed,
        cost_factor=factor,
        sender_tokens=mine,
        receiver_tokens=theirs,
    )


def _tokens(transcript: Transcript) -> tuple[int, int]:
    """Return the tokens of the sender and of the receiver; a solver is both, and pays once."""

    def of(seat: str) -> int:
        counters = transcript.usage.get(seat)
        return 0 if counters is None else counters.prompt_tokens + counters.completion_tokens

    return of(SENDER) + of(SOLVER), of(RECEIVER)


def _reputation(finished: Finished, found: Checked, verification: EvidenceVerification) -> ReputationDetail | None:
    """Return the step of the sender's reputation; None outside of a series.

    After every episode the truth is revealed. The sender passed if it asserted the truth and its evidence is in the
    source. A forced verification that fails slashes with any label.
    """
    scene, standing = finished.scene, finished.scene.standing
    if standing is None:
        return None
    passed = found.asserted is scene.claim.label and not found.failed
    quality = verification.match or 0.0
    if passed and scene.claim.label is Label.NEI:
        quality = 1.0
    forced = is_forced(scene)
    step = update(
        standing.reputation, passed, quality, scene.constants.reputation, forced_slash=forced and bool(found.failed)
    )
    return ReputationDetail(
        agent_id=f"{finished.series}#{standing.identity}",
        identity=standing.identity,
        before=step.before,
        after=step.after,
        passed=step.passed,
        slashed=step.slashed,
        redeemed=step.redeemed,
        forced=forced,
    )
