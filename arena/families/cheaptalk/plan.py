"""The plan of a run: seeds x conditions x models x claims, and the scene of each trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from arena.families.cheaptalk.claim import Claim
from arena.families.cheaptalk.deviations.deviation import Moment
from arena.families.cheaptalk.deviations.table import BASELINE, DEVIATIONS, acted
from arena.families.cheaptalk.experiments.milestones import Condition
from arena.families.cheaptalk.metrics.episodes import CONTROLS, NO_MESSAGE, SHUFFLED_MESSAGE
from arena.families.cheaptalk.payoff import target_label
from arena.families.cheaptalk.prompts import bonus_text
from arena.families.cheaptalk.protocols.protocol import Protocol
from arena.families.cheaptalk.reputation import new_reputation
from arena.families.cheaptalk.scene import (
    ALONE,
    CLOSED,
    OPEN,
    RECEIVER,
    SENDER,
    SOLVER,
    Constants,
    Scene,
    Standing,
    mixed,
)
from arena.families.cheaptalk.scoring import Paying
from arena.families.cheaptalk.task_budget import TaskBudget
from arena.messages import Sampling
from arena.records import Json, Record, Trial, trial_seed

FAMILY = "cheaptalk"
LABELS = ("protocol", "deviation", "sender", "receiver", "information", "seed")
"""Names in a trial's cell."""
CONDITIONS = LABELS[:-1]


@dataclass(frozen=True, slots=True)
class Rules:
    """How episodes are played and paid, besides claims and models.

    `series`: those of one cell and seed under a protocol with a reputation.  `budget` holds for `budgeted` protocols
    and methods.  `told_bonus`: the bonus for the target that the sender knows about; None: none.
    """

    information: str
    series: int
    belief: bool
    milk_above: float
    told_bonus: float | None
    constants: Constants
    budget: TaskBudget
    budgeted: frozenset[str]
    paying: Paying
    sampling: Sampling


@dataclass(frozen=True)
class Game:
    """All inputs of a run.

    `claims`: seed -> the claims that it drew, in order.  `protocols`: by id, methods included.  `senders`, `receivers`:
    labels of models, each of the first with each of the second.
    """

    claims: Mapping[int, tuple[Claim, ...]]
    conditions: tuple[Condition, ...]
    protocols: Mapping[str, Protocol]
    senders: tuple[str, ...]
    receivers: tuple[str, ...]
    rules: Rules
    _held: dict[tuple[str, int], tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def by_key(self) -> Mapping[str, Claim]:
        return {claim.key: claim for drawn in self.claims.values() for claim in drawn}

    @cached_property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple((sender, receiver) for sender in self.senders for receiver in self.receivers)

    def plan(self) -> Iterator[Trial]:
        for repetition, (seed, claims) in enumerate(self.claims.items()):
            seeds = [trial_seed(seed, f"{FAMILY}/{claim.key}") for claim in claims]
            for condition in self.conditions:
                method = condition.deviation == BASELINE
                for sender, receiver in ((one, one) for one in self.senders) if method else self.pairs:
                    yield from self._cell(condition, (sender, receiver), (repetition, seed), seeds)

    def _cell(
        self, condition: Condition, pair: tuple[str, str], repeated: tuple[int, int], seeds: list[str]
    ) -> Iterator[Trial]:
        """Yield the trials of one cell and seed. Their draws are those of every other cell, so that pairs are fair."""
        repetition, seed = repeated
        sender, receiver = pair
        claims = self.claims[seed]
        protocol, deviation = condition.protocol, condition.deviation
        cell = dict(
            zip(LABELS, (protocol, deviation, sender, receiver, self.rules.information, str(seed)), strict=True)
        )
        cast = {SOLVER: sender} if deviation == BASELINE else {ALONE: sender, SENDER: sender, RECEIVER: receiver}
        several = len(self.senders) > 1 or len(self.receivers) > 1
        place = f"/{sender}/{receiver}" if several else ""
        in_series = self.protocols[protocol].reputation and deviation not in CONTROLS
        number = min(self.rules.series, len(claims))
        common: dict[str, Json] = {
            "protocol": protocol, "deviation": deviation, "seed": seed, "rep": repetition,
            "milestones": list(condition.milestones),
        }  # fmt: skip
        for index, claim in enumerate(claims):
            key = f"{FAMILY}/{protocol}/{deviation}/{claim.key}/seed_{seed}{place}"
            series = None
            if in_series:
                series = f"{protocol}/{deviation}/{sender}/{receiver}/seed_{seed}/series_{index % number}"
            plan = {**common, "claim": claim.key}
            if deviation == SHUFFLED_MESSAGE:
                plan["told"] = claims[(index + 1 + len(claims) // 2) % len(claims)].key
            yield Trial(key, FAMILY, cell, claim.key, series, seeds[index], plan, cast)

    def start(self) -> Standing:
        """Return the standing of a sender before its first episode."""
        return Standing(0, new_reputation(self.rules.constants.reputation))

    def scene(self, trial: Trial, standing: Standing | None) -> Scene:
        """Return the scene of a trial. `standing`: of the sender, for a trial in a series."""
        plan, rules = trial.plan, self.rules
        claim = self.by_key[plan["claim"]]
        told = self.by_key[plan["told"]] if "told" in plan else claim
        seed, deviation = plan["seed"], plan["deviation"]
        shown = rules.information != CLOSED
        instruction = ""
        if deviation != BASELINE:
            instruction = DEVIATIONS[self.acted(trial, standing)].instruction
        bonus = ""
        if rules.told_bonus is not None and deviation not in (*CONTROLS, BASELINE):
            bonus = bonus_text(rules.told_bonus, target_label(claim.key, seed).value)
        return Scene(
            claim=claim,
            told=told,
            held=self._sentences(told, seed) if shown else (),
            seen=self._sentences(claim, seed) if rules.information == OPEN else (),
            claim_shown=shown,
            instruction=instruction,
            constants=rules.constants,
            message=deviation != NO_MESSAGE,
            belief=rules.belief,
            bonus=bonus,
            standing=standing,
        )

    def acted(self, trial: Trial, standing: Standing | None) -> str:
        """Return the plain deviation that is acted out in a trial."""
        deviation: str = trial.plan["deviation"]
        if deviation == BASELINE:
            return BASELINE
        score = 0.0 if standing is None else standing.reputation.score
        return acted(deviation, Moment(score, self.rules.milk_above, self.by_key[trial.plan["claim"]].difficulty))

    def _sentences(self, claim: Claim, seed: int) -> tuple[str, ...]:
        found = self._held.get((claim.key, seed))
        if found is None:
            found = self._held[claim.key, seed] = mixed(claim, seed)
        return found

    def after(self, standing: Standing, record: Record) -> Standing:
        """Return the standing of a sender after one more episode; an outage does not change it."""
        step = getattr(record.score.detail, "reputation", None)
        if step is None:
            return standing
        if step.slashed and DEVIATIONS[record.trial.plan["deviation"]].renames:
            return Standing(step.identity + 1, new_reputation(self.rules.constants.reputation))
        return Standing(step.identity, step.after)
