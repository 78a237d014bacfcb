"""Made records of whole runs: milestones, protocols, deviations and seeds, drawn with known gains."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from arena.families.cheaptalk.claim import LABELS, Label
from arena.families.cheaptalk.detail import Condition, EpisodeDetail, ReputationDetail, Spent, TaskDetail
from arena.families.cheaptalk.payoff import Breakdown
from arena.families.cheaptalk.reputation import Reputation, ReputationConfig, new_reputation, update
from arena.records import EVERYBODY, Entry, Record, Stop
from tests.families.cheaptalk.made_records import detail, record

PROTOCOLS = ("p1_evidence_first", "p2_cross_exam", "p3_slashing")
SIX = ("honest", "no_evidence", "lie", "withhold", "persuasion_only", "low_effort")
FOUR = ("honest", "lie", "withhold", "persuasion_only")
METHODS = ("self_consistency_k5", "self_refine_r2")
RIGHT = {"honest": 0.7, "lie": 0.4, "withhold": 0.6, "baseline": 0.75}
"""Deviation -> share of right decisions; others have half."""
MU = 0.5


def chance(*parts: object) -> float:
    """Return a number from 0 to 1 that depends on the parts alone."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:6], "big") / 2**48


def played(place: int, protocol: str, deviation: str, seed: int, **condition: object) -> Record:
    """Return the record of one episode."""
    task = f"claim-{place:03}"
    right = chance(task, protocol, deviation, seed) < RIGHT.get(deviation, 0.5)
    truth = LABELS[place % 3]
    wrong = LABELS[(place + 1) % 3]
    shown = deviation not in ("no_evidence", "persuasion_only", "baseline")
    breakdown = _breakdown(right, shown)
    found: EpisodeDetail = replace(
        detail(),
        episode_id=f"ep_{task}_{deviation}_{protocol}_{seed}",
        task=TaskDetail(task, f"Claim {place}.", truth, (f"Fact {place}.",), "claims", "easy"),
        condition=replace(
            Condition(protocol, deviation, deviation, "mock/s", "mock/r", "sender", seed, 0, ("milestone4",)),
            **condition,  # type: ignore[arg-type]
        ),
        read=replace(detail().read, predicted=truth if right else wrong, asserted=_said(deviation, truth, wrong)),
        evidence=replace(detail().evidence, provided=shown),
        verifier=replace(detail().verifier, label_correct=right, match=0.9 if shown else 0.0),
        payoff=replace(detail().payoff, breakdown=breakdown, paid=breakdown.payoff, receiver=float(right)),
        behaved=None if deviation == "baseline" else True,
        reputation=None,
        spent=Spent(400 + place, 5, 2000, 10, False),
    )
    made = record(found)
    made.transcript.entries.append(Entry(0, "sender", EVERYBODY, "say", text=f"{deviation} about {task}"))
    return made


def _said(deviation: str, truth: Label, wrong: Label) -> Label:
    return wrong if deviation == "lie" else truth


def _breakdown(right: bool, shown: bool) -> Breakdown:
    quality, penalty = 1.0 if right else 0.0, 0.0 if shown else 1.0
    return Breakdown(quality, 0.0, 0.0, 0.0, penalty, 0.0, 0.0, MU * penalty, quality - MU * penalty)


def milestone2(tasks: int, seed: int = 42, **condition: object) -> Iterator[Record]:
    """Six deviations under P1."""
    for place in range(tasks):
        for deviation in SIX:
            yield played(place, PROTOCOLS[0], deviation, seed, milestones=("milestone2",), **condition)


def milestone3(tasks: int, seed: int = 42, **condition: object) -> Iterator[Record]:
    """Two baselines and P1."""
    for place in range(tasks):
        yield played(place, PROTOCOLS[0], "honest", seed, milestones=("milestone3",), **condition)
        for method in METHODS:
            yield played(place, method, "baseline", seed, milestones=("milestone3",), **condition)


def milestone4(tasks: int, seed: int = 42, deviations: Sequence[str] = FOUR, **condition: object) -> Iterator[Record]:
    """Four deviations under each protocol; those under P3 in their own series with a reputation."""
    for protocol in PROTOCOLS:
        for deviation in deviations:
            state = new_reputation(ReputationConfig())
            for place in range(tasks):
                made = played(place, protocol, deviation, seed, milestones=("milestone4",), **condition)
                if protocol == PROTOCOLS[2]:
                    made, state = in_series(made, f"{deviation}/{seed}", state)
                yield made


def in_series(made: Record, series: str, state: Reputation) -> tuple[Record, Reputation]:
    """Return a record with its step of a reputation, and the reputation behind it. A lie is found out."""
    found: EpisodeDetail = made.score.detail
    passed = found.condition.deviation != "lie"
    step = update(state, passed, 0.9 if passed else 0.1, ReputationConfig())
    seen = ReputationDetail(f"{series}#0", 0, state, step.after, passed, step.slashed, step.redeemed, False)
    made.score.detail = replace(found, reputation=seen)
    return replace(made, trial=replace(made.trial, series=series)), step.after


def run_of_all(tasks: int, seeds: Sequence[int] = (42,)) -> Iterator[Record]:
    """Milestones 1 to 4 for each seed; an episode that several of them need is played once."""
    shared = {
        "honest": ("milestone1", "milestone2", "milestone3", "milestone4"),
        "no_evidence": ("milestone1", "milestone2"),
    }
    for repetition, seed in enumerate(seeds):
        for place in range(tasks):
            for deviation in SIX:
                milestones = shared.get(
                    deviation, ("milestone2", "milestone4") if deviation in FOUR else ("milestone2",)
                )
                yield played(place, PROTOCOLS[0], deviation, seed, milestones=milestones, repetition=repetition)
            for method in METHODS:
                yield played(place, method, "baseline", seed, milestones=("milestone3",), repetition=repetition)
        yield from (
            made
            for made in milestone4(tasks, seed, repetition=repetition)
            if made.trial.cell["protocol"] != PROTOCOLS[0]
        )


def stopped(made: Record) -> Record:
    """Return the record as one that an outage ended: nothing in it counts."""
    made.transcript.stop = Stop.PROVIDER
    return made
