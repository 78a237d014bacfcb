"""The plan of a risk run: slices x cases x attacks x defences x models x seeds, and the scene of each trial."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from arena.families.risk.attacks.table import ATTACKS
from arena.families.risk.compose import GATES, NO_ATTACK, Scene, compose, system_text
from arena.families.risk.routing import Route
from arena.families.risk.slices import Case, Slice
from arena.policy.evaluator import Evaluator
from arena.policy.policy_gate import GATED
from arena.records import Json, Trial, trial_seed

FAMILY = "risk"
LABELS = ("slice", "attack", "defence", "mode", "model")
"""Names in a trial's cell."""

CONDITIONS = ("attack", "defence", "mode", "model")

MOST_HELD = 10_000
"""Trials of a plan that are held in memory (some 15 MB) instead of made again each time the plan is read."""


@dataclass(frozen=True)
class RiskSetup:
    """All inputs of a risk run.

    `attacks`: the chosen ones, empty for all of a slice.  `models`: label of each model that plays.  `shim`: label of
    the SHIM agent, which plays what real models may not.  `routes`: slice -> how it is played.
    """

    slices: tuple[Slice, ...]
    raw_slices: tuple[Json, ...]
    attacks: tuple[str, ...]
    defences: tuple[str, ...]
    trials: int
    seeds: tuple[int, ...]
    attack_seeds: int
    max_tool_calls: int
    models: tuple[str, ...]
    shim: str
    routes: Mapping[str, Route]
    evaluator: Evaluator
    evaluator_text: str
    gates_text: str | None = None
    """The gates file, if a policy decides in some of the trials."""
    exp: str | None = None
    """Name of the experiment; None: that of each slice."""
    _scenes: dict[tuple[str, ...], Scene] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def by_id(self) -> Mapping[str, Slice]:
        return {one.id: one for one in self.slices}

    @cached_property
    def cases(self) -> Mapping[tuple[str, str], Case]:
        return {(one.id, case.id): case for one in self.slices for case in one.cases}

    def experiment(self, slice_: str) -> str:
        """Return the name of the results of a slice."""
        return self.exp or self.by_id[slice_].experiment

    @property
    def experiments(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.experiment(one.id) for one in self.slices))

    def case_of(self, trial: Trial) -> Case:
        return self.cases[trial.plan["slice"], trial.plan["case"]]

    def chosen(self, seed: int, slice_: Slice) -> Iterator[tuple[Case, int]]:
        """Yield the cases of a slice that a seed draws, each with how often it was drawn before."""
        order = list(slice_.cases)
        random.Random(f"{seed}/{slice_.id}").shuffle(order)
        for number in range(self.trials):
            yield order[number % len(order)], number // len(order)

    def attacks_of(self, slice_: Slice, case: Case) -> tuple[str, ...]:
        """Return the attacks of a case, and None for the benign twin."""
        if case.harmful is None:
            return (NO_ATTACK,)
        return (NO_ATTACK, *(name for name in slice_.attacks if not self.attacks or name in self.attacks))

    def plan(self) -> Iterator[Trial]:
        """Yield the trials in their order. A run reads its plan half a dozen times."""
        return self._planned() if self._held is None else iter(self._held)

    @cached_property
    def _held(self) -> tuple[Trial, ...] | None:
        """The whole plan, if it is not long."""
        first = tuple(islice(self._planned(), MOST_HELD + 1))
        return first if len(first) <= MOST_HELD else None

    def _planned(self) -> Iterator[Trial]:
        for number, seed in enumerate(self.seeds):
            for slice_ in self.slices:
                for case, again in self.chosen(seed, slice_):
                    for attack in self.attacks_of(slice_, case):
                        times = 1 if attack == NO_ATTACK else self.attack_seeds
                        for defence in self.defences:
                            for attempt in range(times):
                                rep = (number * self.trials + again) * self.attack_seeds + attempt
                                yield from self._trials((slice_, case, attack, defence), seed, again, attempt, rep)

    def _trials(
        self, what: tuple[Slice, Case, str, str], seed: int, again: int, attempt: int, rep: int
    ) -> Iterator[Trial]:
        slice_, case, attack, defence = what
        route = self.routes[slice_.id]
        models = self.models if route.allowed else (self.shim,)
        place = f"{slice_.id}/{case.id}/{attack}/{defence}"
        turn = f"seed_{seed}_{again}_{attempt}"
        for model in models:
            key = f"{FAMILY}/{place}/{turn}" if len(models) == 1 else f"{FAMILY}/{place}/{turn}/{model}"
            cell = {
                "slice": slice_.id,
                "attack": attack,
                "defence": defence,
                "mode": route.effective_mode,
                "model": model,
            }
            plan = {
                "slice": slice_.id, "case": case.id, "attack": attack, "defence": defence, "rep": rep, "seed": seed,
                GATED: defence == GATES, "facts": dict(self.scene(slice_.id, case.id, attack, defence).facts),
            }  # fmt: skip
            cast = {"agent": model} if model != self.models[0] or len(self.models) > 1 else {}
            # Without the defence: trials that are compared between defences have equal draws.
            own = trial_seed(seed, f"{FAMILY}/{slice_.id}/{case.id}/{attack}/{again}/{attempt}")
            yield Trial(key, FAMILY, cell, f"{slice_.id}/{case.id}", None, own, plan, cast)

    def scene(self, slice_: str, case: str, attack: str, defence: str) -> Scene:
        """Return the scene of a trial; made once for each combination."""
        key = (slice_, case, attack, defence)
        found = self._scenes.get(key)
        if found is None:
            one = self.by_id[slice_]
            system = system_text(one, defence)
            presented = None if attack == NO_ATTACK else ATTACKS[attack]
            found = self._scenes[key] = compose(one, self.cases[slice_, case], presented, system)
        return found

    def scene_of(self, trial: Trial) -> Scene:
        plan = trial.plan
        return self.scene(plan["slice"], plan["case"], plan["attack"], plan["defence"])


def attacks_digest(names: tuple[str, ...]) -> str:
    """Return 64 hex digits that identify the texts of the attacks."""
    said = [[name, ATTACKS[name].wrap("{part}"), *ATTACKS[name].pressure] for name in names]
    return hashlib.sha256(repr(said).encode()).hexdigest()
