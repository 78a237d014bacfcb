"""Config -> the crypto family: loads and selects challenges, rule and rubric."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from arena.errors import UsageError
from arena.families.crypto import op_levels
from arena.families.crypto.challenges.schema import load, select
from arena.families.crypto.cheats.variants import NONE, PLAYS_FOLDER, SCRIPTED
from arena.families.crypto.data import CryptoSetup, played_challenges
from arena.families.crypto.family import CryptoFamily
from arena.families.crypto.op_levels import ALL
from arena.families.crypto.outcome import load_rule, rule_from_json
from arena.families.crypto.rubric import RUBRIC
from arena.formats.bounded import read_text
from arena.formats.strict_json import MAX_BYTES
from arena.judging.judge import Truncation
from arena.play.native_tools import MOST_TOOLS, is_native, read_native
from arena.play.tool_description import granted_families
from arena.records import Json
from arena.settings.config import Config
from arena.settings.model_refs import ModelRef
from arena.store.finished_run import FinishedRun


def build(config: Config, tools: str | None) -> CryptoFamily:
    """Return the family for a run; `tools` is the description for players, or None without a calculator.

    Errors: as of `read_setup`.
    """
    return CryptoFamily(*read_setup(config, tools))


def read_setup(config: Config, tools: str | None) -> tuple[CryptoSetup, tuple[str, ...]]:
    """Return the setup of a run and the warnings about its inputs.

    Errors: DataError, UsageError for mistakes in the challenge file, the selection or the rule.
    """
    players, judge = config.players, config.judge
    if players is None or judge is None:
        raise UsageError("the crypto family needs players and a judge: its command lacks a block of settings")
    challenge_set = load(Path(config["challenges"]))
    challenges = select(
        challenge_set,
        split=config["challenge_split"],
        ids=config["challenge_ids"] or None,
        limit=config["limit"],
    )
    _check_grants(challenges, tools)
    _check_native(challenges, tools, config["tool_text"] == "granted")
    adversary = config.get("adversary", NONE)
    level = config.get("op_level", ALL)
    _check_adversary(challenges, Path(config["challenges"]), adversary)
    refs = players.refs
    known = sorted({participant["id"] for challenge in challenges for participant in challenge["participants"]})
    strangers = [role for role in refs.by_role if role not in known]
    if strangers:
        raise UsageError(
            f"--role-model: no chosen challenge has the role {', '.join(map(repr, strangers))}; there are:"
            f" {', '.join(known)}"
        )
    return (
        CryptoSetup(
            challenges=tuple(challenges),
            repetitions=config["repetitions"],
            run_seed=config.operation.seed,
            max_turns=config["max_turns"],
            max_tool_calls_per_turn=config["max_tool_calls_per_turn"],
            participant=str(refs.default.shown),
            role_models={role: str(ref.shown) for role, ref in refs.by_role.items()},
            rubric=RUBRIC,
            rule=load_rule(Path(config["outcome_rule"])),
            truncation=Truncation(judge.max_chars_per_message, judge.max_chars_total),
            tools=tools,
            judge_tools=judge.tools,
            header=challenge_set.header(),
            grants=config["tool_text"] == "granted",
            adversary=adversary,
            op_level=level,
        ),
        tuple(str(issue) for issue in challenge_set.warnings),
    )


def offered(config: Config, catalogue: Sequence[Mapping[str, Json]]) -> list[Mapping[str, Json]]:
    """Return the rows of the calculator's catalogue that players are shown."""
    return op_levels.offered(catalogue, config.get("op_level", ALL))


class CryptoRoster(NamedTuple):
    """Who plays, in the shape that engine/build.py reads: the default, models by seat, further ones."""

    default: ModelRef | None
    by_seat: Mapping[str, ModelRef]
    others: tuple[ModelRef, ...]


def roster(config: Config) -> CryptoRoster:
    """Return who plays: the players of the settings, and under `--adversary scripted` the scripts that cheat."""
    players = config.players
    if players is None:
        return CryptoRoster(None, {}, ())
    others: tuple[ModelRef, ...] = ()
    if config.get("adversary", NONE) == SCRIPTED:
        others = (ModelRef("scripted", str(Path(config["challenges"]).parent / PLAYS_FOLDER)),)
    return CryptoRoster(players.refs.default, players.refs.by_role, others)


def rescoring_rules(config: Config, rules: Mapping[str, Json]) -> dict[str, Json]:
    """Return the rules by which a run is scored again: the run's, with the outcome rule that was asked for.

    Errors: DataError for a rule file that cannot be read.
    """
    if config["outcome_rule"] is None or config.source["outcome_rule"] == "default":
        return dict(rules)
    return {**rules, "outcome_rule": load_rule(Path(config["outcome_rule"])).to_json()}


def unit_digests(run: FinishedRun) -> dict[str, str]:
    """Return challenge id -> its text as JSON, as the run played it. Errors: DataError for a damaged file."""
    return {challenge["id"]: json.dumps(challenge, sort_keys=True) for challenge in played_challenges(run).challenges}


def _check_grants(challenges: Sequence[Mapping[str, Json]], tools: str | None) -> None:
    """Raise UsageError for a challenge whose players would be shown no operation at all."""
    known = granted_families(tools or "")
    for challenge in challenges:
        granted = challenge.get("op_families")
        if known and granted is not None and known.isdisjoint(granted):
            raise UsageError(
                f"--tool-text granted: challenge {challenge['id']} grants only {', '.join(granted)}, and none of"
                f" these is among the families that are shown: {', '.join(sorted(known))}; use --tool-text families,"
                " or correct its op_families"
            )


def _check_adversary(challenges: Sequence[Mapping[str, Json]], file: Path, adversary: str) -> None:
    """Raise UsageError if seats should cheat and no challenge, or no script, says how."""
    if adversary == NONE:
        return
    tempted = [challenge["id"] for challenge in challenges if "temptation" in challenge]
    if not tempted:
        raise UsageError(
            f"--adversary {adversary}: none of the chosen challenges has a `temptation`, so nobody would cheat; leave"
            " the option out, or choose others (`arena challenges list` shows which have one)"
        )
    missing = [name for name in tempted if not (file.parent / PLAYS_FOLDER / f"{name}.json").is_file()]
    if adversary == SCRIPTED and missing:
        raise UsageError(f"--adversary scripted: {file.parent / PLAYS_FOLDER} holds no {missing[0]}.json: write it, or"
                         " use --adversary told")  # fmt: skip


def _check_native(challenges: Sequence[Mapping[str, Json]], tools: str | None, grants: bool) -> None:
    """Raise UsageError for a challenge whose players would be offered more tools than servers take, or none."""
    if tools is None or not is_native(tools):
        return
    for challenge in challenges:
        offered = len(read_native(tools, challenge.get("op_families") if grants else None).tools)
        if not 1 < offered <= MOST_TOOLS:
            raise UsageError(
                f"--tool-calls native: challenge {challenge['id']} would offer {offered} tools, and servers take 2 to"
                f" {MOST_TOOLS}; use --tool-text families (a tool for each family of operations), or choose with"
                " --op-families"
            )


def from_run(run_dir: Path, identity: Mapping[str, Json]) -> CryptoFamily:
    """Return the family of a finished run, read from the run directory alone. Errors: as of `setup_of_run`."""
    return CryptoFamily(setup_of_run(run_dir, identity))


def setup_of_run(run_dir: Path, identity: Mapping[str, Json]) -> CryptoSetup:
    """Return the setup of a finished run, from its inputs and its `identity` (manifest.json).

    The rubric is that of this version of the arena: compare the family's `describe` with `identity["rules"]`.
    Errors: DataError, OSError for inputs that cannot be read, KeyError or TypeError for an identity of another shape.
    """
    settings, models = identity["settings"], identity["models"]
    inputs = run_dir / "inputs"
    has_tools = identity["tools_sha256"] is not None
    challenge_set = load(inputs / "challenges.json")
    return CryptoSetup(
        challenges=challenge_set.challenges,
        repetitions=settings["repetitions"],
        run_seed=settings["seed"],
        max_turns=settings["max_turns"],
        max_tool_calls_per_turn=settings["max_tool_calls_per_turn"],
        participant=models["participant"],
        role_models=dict(models["roles"]),
        rubric=RUBRIC,
        rule=rule_from_json(identity["rules"]["outcome_rule"], "manifest.json: /identity/rules/outcome_rule"),
        truncation=Truncation(settings["judge_max_chars_per_message"], settings["judge_max_chars_total"]),
        tools=read_text(inputs / "tools.txt", MAX_BYTES) if has_tools else None,
        judge_tools=settings["judge_tools"],
        grants=settings["tool_text"] == "granted",
        header=challenge_set.header(),
        panel=tuple(models.get("panel", ())),
        adversary=settings.get("adversary", NONE),
        op_level=settings.get("op_level", ALL),
    )
