"""The crypto family's data: challenges and settings -> trials. Pure and ordered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from arena.families.crypto.challenges.schema import ChallengeSet, load
from arena.families.crypto.cheats.variants import (
    NONE,
    SCRIPTED,
    SCRIPTED_LABEL,
    TEMPTED,
    WATCHED,
    conduct_in,
    variant,
    variant_key,
)
from arena.families.crypto.checks.results import CheatCheck
from arena.families.crypto.judged import JudgeTemplate
from arena.families.crypto.op_levels import ALL
from arena.families.crypto.outcome import OutcomeRule
from arena.families.crypto.prompts import PROMPT_VERSION, PromptTemplate, prompt_template
from arena.families.crypto.story_time import StoryTime
from arena.judging.items import Item
from arena.judging.judge import Rubric, Truncation
from arena.messages import Tool
from arena.play.addressing import Channels
from arena.play.native_tools import is_native, read_native, told_of
from arena.records import Json, Trial, trial_seed
from arena.store.finished_run import FinishedRun
from arena.store.journal import encode_line
from arena.store.rundir import INPUTS_DIR

FAMILY = "crypto"
CHALLENGES_INPUT = "challenges.json"
"""The file in a run's inputs with its challenges."""


@dataclass(frozen=True, slots=True)
class CryptoSetup:
    """Everything that determines the trials, their play and their judging.

    `participant` and `role_models` are `provider/model` labels; `tools` is the description for players, or None.
    """

    challenges: tuple[Mapping[str, Json], ...]
    repetitions: int
    run_seed: int
    max_turns: int
    max_tool_calls_per_turn: int
    participant: str
    role_models: Mapping[str, str]
    rubric: Rubric
    rule: OutcomeRule
    truncation: Truncation
    tools: str | None
    judge_tools: bool
    header: Mapping[str, Json] = field(default_factory=dict)
    """The members of the challenge file besides its challenges: format, version, canary (ChallengeSet.header)."""
    panel: tuple[str, ...] = ()
    """Who gives each judgement of a match (`provider/model`); empty for one judge, once."""
    prompts: dict[tuple[str, str, bool], PromptTemplate] = field(default_factory=dict)
    """Templates of system prompts by challenge id, role id, and whether the tools' text is in it."""
    grants: bool = False
    """Whether players are offered only the families of ops that their challenge grants."""
    native: dict[str, tuple[Tool, ...]] = field(default_factory=dict)
    """Tools in the provider's own form by challenge id."""
    judge_texts: dict[str, JudgeTemplate] = field(default_factory=dict)
    """Templates of the judge's text about a challenge, by its id."""
    adversary: str = NONE
    """Whether seats cheat: one of ADVERSARIES (cheats/variants.py)."""
    op_level: str = ALL
    """The ops that players may call: one of OP_LEVELS (op_levels.py)."""

    def prompt(
        self, challenge: Mapping[str, Json], role: str, nonce: str, values: Mapping[str, Json] | None = None
    ) -> str:
        """Return the system prompt of one role; without `values` the template of a challenge that draws some.

        `nonce`: the mark of the seat's tool results (play/hearing.py).
        """
        return self._template(challenge, role, True).filled(values, nonce)

    def view_prompt(
        self, challenge: Mapping[str, Json], role: str, nonce: str, values: Mapping[str, Json] | None = None
    ) -> str:
        """Return the system prompt as role views show it, as a compact JSON string: the calculator's description, by
        far its longest and in all prompts the same part, is named and not repeated."""
        return self._template(challenge, role, False).filled_json(values, nonce)

    def judged(
        self, challenge: Mapping[str, Json], values: Mapping[str, Json] | None, cheat: CheatCheck | None = None
    ) -> str:
        """Return the challenge as ASCII JSON, as a judge reads it: with the values in all texts, who owns them, and
        the right result. Without values (a challenge without an instance, an old record) it is returned unchanged.

        `cheat`: the outcome of the cheat in a match in which somebody may cheat; the right result follows from it.
        """
        return self._judge_template(challenge).filled(values, cheat)

    def questions(self, challenge: Mapping[str, Json], values: Mapping[str, Json] | None) -> tuple[Item, ...]:
        """Return the yes-or-no questions to the judge about a challenge, possibly none."""
        return self._judge_template(challenge).questions(values)

    def _judge_template(self, challenge: Mapping[str, Json]) -> JudgeTemplate:
        key = variant_key(challenge)
        found = self.judge_texts.get(key)
        if found is None:
            found = self.judge_texts[key] = JudgeTemplate.of(challenge)
        return found

    def offered(self, challenge: Mapping[str, Json]) -> tuple[Tool, ...]:
        """Return the tools that a challenge's players are offered in the provider's own form; none under the text
        protocol."""
        if not is_native(self.tools):
            return ()
        found = self.native.get(challenge["id"])
        if found is None:
            families = challenge.get("op_families") if self.grants else None
            found = self.native[challenge["id"]] = read_native(self.tools or "", families).tools
        return found

    def _template(self, challenge: Mapping[str, Json], role: str, whole: bool) -> PromptTemplate:
        key = (variant_key(challenge), role, whole)
        found = self.prompts.get(key)
        if found is None:
            tools = told_of(self.tools) if whole or not self.tools else TOOLS_POINTER
            found = self.prompts[key] = prompt_template(challenge, role, tools, self.max_turns)
        return found


TOOLS_POINTER = "(the text of inputs/tools.txt)"

CELL_LABELS = ("participant", "difficulty", "primitive_family", "split", "roles")
"""Names of the labels of a trial's cell; `roles` only in cross-play."""


def played_challenges(run: FinishedRun) -> ChallengeSet:
    """Return the challenges of a finished run as they were played. Errors: DataError for a missing or damaged file."""
    return load(run.path / INPUTS_DIR / CHALLENGES_INPUT)


def roles(challenge: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the role ids in rotation order: the initiator opens, then file order, round and round."""
    ids = [participant["id"] for participant in challenge["participants"]]
    start = ids.index(challenge["self_play"]["initiator_agent_id"])
    return tuple(ids[start:] + ids[:start])


def match_path(challenge_id: str, rep: int) -> str:
    """Return the path of a match's bundle under matches/, which is also the end of its trial key."""
    return f"{challenge_id}/rep_{rep}"


def trials(setup: CryptoSetup) -> Iterator[Trial]:
    """Yield the trials: repetitions in the outer loop, so that a run that stops early has covered every challenge."""
    for rep in range(setup.repetitions):
        for challenge in setup.challenges:
            cell = {"participant": setup.participant, "difficulty": challenge["difficulty"]}
            for label in ("primitive_family", "split"):
                if label in challenge:
                    cell[label] = challenge[label]
            if setup.role_models:
                cell["roles"] = ", ".join(f"{role}={setup.role_models.get(role, setup.participant)}"
                                          for role in roles(challenge))  # fmt: skip
            key = f"{FAMILY}/{match_path(challenge['id'], rep)}"
            seed = trial_seed(setup.run_seed, key)
            plan = {"challenge_id": challenge["id"], "rep": rep}
            cast = {role: setup.role_models.get(role, setup.participant) for role in roles(challenge)}
            conduct = conduct_in(challenge, seed, setup.adversary)
            if conduct is not None:
                plan[CONDUCT] = conduct
                if conduct == TEMPTED and setup.adversary == SCRIPTED:
                    cast[challenge["temptation"]["seat"]] = SCRIPTED_LABEL
            yield Trial(key, FAMILY, cell, challenge["id"], None, seed, plan, cast)


CONDUCT = "conduct"
"""Member of a trial's plan in runs with cheats: WATCHED or TEMPTED, for challenges with a temptation."""


def challenge_of(challenges: Mapping[str, Mapping[str, Json]], trial: Trial) -> Mapping[str, Json]:
    """Return the challenge of a trial as this trial plays it. `challenges`: by id, as in the file."""
    return variant(challenges[trial.unit], trial.plan.get(CONDUCT))


def channels_of(challenge: Mapping[str, Json]) -> Channels | None:
    """Return who may write to whom in private; None if all hear everything."""
    found = challenge.get("channels")
    return None if found is None else Channels(roles(challenge), tuple(found["listeners"]))


def time_of(challenge: Mapping[str, Json], values: Mapping[str, Json] | None, max_turns: int) -> StoryTime | None:
    """Return a new clock of one match; None if time does not matter. Errors: as of `StoryTime`."""
    found = challenge.get("time")
    return None if found is None else StoryTime(found, values, roles(challenge), max_turns)


NONCE_PLACE = "{nonce}"
"""Replaces the mark of a seat in digests of prompts."""


def prompts_digest(setup: CryptoSetup) -> str:
    """Return the SHA-256 over every system prompt of the run, in order; prompts with drawn values as templates."""
    digest = hashlib.sha256(PROMPT_VERSION.encode())
    for challenge in setup.challenges:
        played = (None,) if setup.adversary == NONE or "temptation" not in challenge else (WATCHED, TEMPTED)
        for conduct in played:
            one = variant(challenge, conduct)
            for role in roles(one):
                digest.update(encode_line([variant_key(one), role, setup.prompt(one, role, NONCE_PLACE)]))
    return digest.hexdigest()
