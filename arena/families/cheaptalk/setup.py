"""Config -> the cheaptalk family: loads and draws claims, resolves conditions, models and rules."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from arena.errors import ConfigError, UsageError
from arena.families.cheaptalk.claim import Claim
from arena.families.cheaptalk.cross_exam import EvidenceState, questions
from arena.families.cheaptalk.data.load import Loaded, load
from arena.families.cheaptalk.data.sampling import sample, with_distractors
from arena.families.cheaptalk.data.table import dataset
from arena.families.cheaptalk.data.wiki_pages import WikiPages
from arena.families.cheaptalk.deviations.table import DEVIATIONS
from arena.families.cheaptalk.experiments.experiment import CrossExam
from arena.families.cheaptalk.experiments.milestones import Choice, compared, conditions, deviations_of, protocols_of
from arena.families.cheaptalk.family import CLAIMS_INPUT, CheapTalk, source_json
from arena.families.cheaptalk.payoff import payoff
from arena.families.cheaptalk.plan import Game, Rules
from arena.families.cheaptalk.protocols.protocol import Protocol
from arena.families.cheaptalk.protocols.table import PROTOCOLS, MethodChoice, methods
from arena.families.cheaptalk.results import payoff_config, reputation_config, result_rules
from arena.families.cheaptalk.scene import CLOSED, Constants
from arena.families.cheaptalk.scoring import Paying
from arena.families.cheaptalk.task_budget import TaskBudget
from arena.families.cheaptalk.training import training as training
from arena.families.cheaptalk.verifying.matches import MATCHES
from arena.families.cheaptalk.verifying.rating import Weights
from arena.formats.decode import decode
from arena.formats.suggest import suggest
from arena.messages import Sampling
from arena.records import Json
from arena.settings.config import Config, ModelRef
from arena.settings.model_refs import split_model

LEAST_DISTRACTORS = 3
MODEL_VARIABLE = "OPENAI_MODEL"
SHORT_SERIES = 5
"""In a series with fewer episodes a reputation changes too little."""


def build(config: Config, tools: str | None) -> CheapTalk:
    """Return the family for a run; `tools` is the calculator's text, for which it has no use.

    Errors: UsageError, ConfigError, DataError for mistakes in choices, models or data.
    """
    seeds = run_seeds(config)
    if config["payoff"] == "tempted" and config.source["bonus"] == "default":
        raise UsageError("--payoff tempted: it pays a bonus for the target; give --bonus")
    loaded = _loaded(config)
    claims = _drawn(config, loaded, seeds)
    senders, receivers = (_labels(refs) for refs in _models(config))
    players = config.players
    sampling = Sampling() if players is None else players.sampling
    game = _game(config, claims, senders, receivers, sampling)
    warnings = [*loaded.lines()[1:], *_warnings(config, game)]
    return CheapTalk(game, source_json(loaded.source), result_rules(config, seeds), warnings)


def run_seeds(config: Config) -> tuple[int, ...]:
    """Return the seeds of a run: --seed alone if it was given, else --seeds or SEEDS, else the default seed.

    Errors: UsageError if both flags were given, ConfigError for a word that is not a number.
    """
    texts = config["seeds"]
    seed_given, seeds_given = config.source["seed"], config.source["seeds"]
    if seed_given.startswith("--") and seeds_given.startswith("--"):
        raise UsageError("--seed and --seeds contradict each other: give one of the two")
    if not texts or seed_given.startswith("--"):
        return (config.operation.seed,)
    try:
        found = tuple(int(text) for text in texts)
    except ValueError:
        raise ConfigError(f"{seeds_given}: must be whole numbers separated by commas, such as 42,123, not"
                          f" {', '.join(texts)}") from None  # fmt: skip
    if any(seed < 0 for seed in found):
        raise ConfigError(f"{seeds_given}: must be 0 or more, not {', '.join(texts)}")
    return found


def _loaded(config: Config) -> Loaded:
    row = dataset(config["dataset"])
    path = config["data"]
    if path is None and not row.default_path:
        raise UsageError(f"--dataset {row.name}: name its file with --data FILE")
    if path is None:
        path = config.root / row.default_path
    folder = config["wiki_pages"]
    if folder is not None and row.name != "fever":
        raise UsageError(f"--wiki-pages: only --dataset fever has evidence without text, not {row.name}")
    wiki = None if folder is None else WikiPages(folder)
    return load(row, path, _shown(path, config.root), config["skip_unusable"], wiki)


def _shown(path: Path, root: Path) -> str:
    """Return a path for the manifest: relative to the project, or the bare name."""
    whole = path.resolve()
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else path.name


def _drawn(config: Config, loaded: Loaded, seeds: Sequence[int]) -> dict[int, tuple[Claim, ...]]:
    """Return the claims of every seed. Errors: UsageError for more than there are."""
    tasks, samples, there = config["num_tasks"], config["num_samples"], len(loaded.claims)
    if tasks is not None and samples is not None and tasks > samples:
        raise UsageError(f"NUM_TASKS (--num-tasks) is {tasks} and NUM_SAMPLES (--num-samples) {samples}: play at most "
                         "as many claims as are loaded")  # fmt: skip
    for name, number in (("NUM_SAMPLES (--num-samples)", samples), ("NUM_TASKS (--num-tasks)", tasks)):
        if number is not None and number > there:
            raise UsageError(f"{name} is {number}, and {loaded.source.path} has {there} claims: give at most {there}")
    count = tasks or samples or there
    claims = with_distractors(loaded.claims, LEAST_DISTRACTORS, 0)
    return {seed: sample(claims, count, seed) for seed in seeds}


def _models(config: Config) -> tuple[list[ModelRef], list[ModelRef]]:
    """Return the models that send and those that receive. Errors: UsageError for a model that is missing."""
    if config["role_model"]:
        raise UsageError("--role-model: name the models of the two seats with --sender-model and --receiver-model")

    def of(name: str) -> list[ModelRef]:
        flag = f"--{name.replace('_', '-')}"
        found = [ModelRef(*split_model(None, text, flag)) for text in config[name]]
        for ref in found:
            if not ref.model:
                raise UsageError(f"{flag} {ref.provider}: the model is missing; write {flag} {ref.provider}/MODEL")
        if found:
            return found
        players = config.players
        if players is None:
            raise UsageError("the cheaptalk family needs players: its command lacks a block of settings")
        return [players.refs.default]

    return of("sender_model"), of("receiver_model")


def _labels(refs: Sequence[ModelRef]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(ref.shown) for ref in refs))


class CheapTalkRoster(NamedTuple):
    """Who plays, in the shape that engine/build.py reads: the default, models by seat, further ones."""

    default: ModelRef | None
    by_seat: Mapping[str, ModelRef]
    others: tuple[ModelRef, ...]


def roster(config: Config) -> CheapTalkRoster:
    """Return who plays: the first sender, and every other model once."""
    senders, receivers = _models(config)
    first, *others = dict.fromkeys((*senders, *receivers))
    return CheapTalkRoster(first, {}, tuple(others))


def _game(
    values: Mapping[str, Any],
    claims: Mapping[int, tuple[Claim, ...]],
    senders: tuple[str, ...],
    receivers: tuple[str, ...],
    sampling: Sampling,
) -> Game:
    """Return the game that settings describe: those of a call, or those in the manifest of a finished run."""
    set_methods = methods(
        values["baselines"],
        MethodChoice(
            values["k_samples"],
            values["num_rounds"],
            values["consistency_temperature"],
            values["refine_temperature"],
            sampling,
        ),
    )
    choice = Choice(
        milestones=tuple(values["milestones"]),
        protocols=tuple(values["protocols"]),
        deviations=tuple(values["deviations"]),
        controls=tuple(values["controls"]),
        methods=tuple(one.id for one in set_methods),
    )
    difficult = all(claim.difficulty is not None for drawn in claims.values() for claim in drawn)
    _check_choice(choice, values["information"], difficult)
    protocols: dict[str, Protocol] = {**PROTOCOLS, **{one.id: one for one in set_methods}}
    return Game(
        claims=claims,
        conditions=tuple(conditions(choice, {name: _playable(row) for name, row in PROTOCOLS.items()})),
        protocols=protocols,
        senders=senders,
        receivers=receivers,
        rules=_rules(values, choice, sampling),
    )


def _playable(protocol: Protocol) -> frozenset[str]:
    """Return the deviations that can be played under a protocol."""
    return frozenset(name for name, row in DEVIATIONS.items() if protocol.reputation or not row.by_reputation)


def _check_choice(choice: Choice, information: str, difficult: bool) -> None:
    """Check the choices. Errors: ConfigError, UsageError for unknown names, and for combinations that cannot be
    played."""
    for flag, given, known in (
        ("--protocols", choice.protocols, tuple(PROTOCOLS)),
        ("--deviations", choice.deviations, tuple(DEVIATIONS)),
    ):
        for name in given:
            if name not in known:
                raise ConfigError(f"{flag}: there is no {name!r}{suggest(name, known)}; there are: {', '.join(known)}")
    played = [PROTOCOLS[name] for name in protocols_of(choice)]
    for name in deviations_of(choice):
        row = DEVIATIONS[name]
        if row.by_reputation and not any(one.reputation for one in played):
            raise UsageError(f"--deviations {name}: needs a protocol with a reputation: --protocols p3_slashing")
        if row.by_difficulty and not difficult:
            raise UsageError(f"--deviations {name}: the data does not say how difficult each claim is")
    if choice.controls and information == CLOSED:
        raise UsageError("--controls: under --information closed a receiver has the message alone; without it, or with"
                         " another one, there is nothing to decide")  # fmt: skip


def _rules(values: Mapping[str, Any], choice: Choice, sampling: Sampling) -> Rules:
    constants = reputation_config(values)
    exam = CrossExam(values["num_cross_exam_questions"], tuple(values["question_templates"]))
    # Impossible requests are refused here, before any call.
    questions(EvidenceState.GIVEN, exam.num_cross_exam_questions, exam.question_templates)
    paid = payoff_config(values)
    rated = values["use_llm_evidence_eval"]
    return Rules(
        information=values["information"],
        series=values["series"],
        belief=values["belief"],
        milk_above=values["milk_above"],
        told_bonus=values["bonus"] if values["tell_bonus"] else None,
        constants=Constants(exam, constants),
        budget=TaskBudget(values["max_tokens_per_task"], values["max_llm_calls_per_task"]),
        budgeted=compared(choice),
        paying=Paying(
            payoff(values["payoff"]),
            paid,
            MATCHES[values["evidence_match"]],
            rated,
            Weights(values["string_match_weight"], values["llm_weight"]),
            values["dataset"],
        ),
        sampling=sampling,
    )


def _warnings(config: Config, game: Game) -> list[str]:
    found = []
    model = config.environ.get(MODEL_VARIABLE, "").strip()
    if model and all(name.startswith("mock/") for name in (*game.senders, *game.receivers)):
        found.append(f"{MODEL_VARIABLE} is {model}, and the mock plays: --participant-provider openai plays that model")
    if config.get("batch_size") is not None:
        found.append("BATCH_SIZE (--batch-size) has no meaning here: every finished episode is written at once")
    smallest = min(len(drawn) for drawn in game.claims.values())
    number = min(game.rules.series, smallest)
    with_series = any(game.protocols[one.protocol].reputation for one in game.conditions)
    episodes = smallest // number
    if with_series and number > 1 and episodes < SHORT_SERIES:
        shown = "1 episode" if episodes == 1 else f"{episodes} episodes"
        found.append(f"a series under P3 has only {shown}, too few for a reputation to change: give fewer --series"
                     f" than {number}, or more claims")  # fmt: skip
    return found


def from_run(run_dir: Path, identity: Mapping[str, Json]) -> CheapTalk:
    """Return the family of a finished run, read from the run directory alone.

    Errors: DataError, OSError for inputs that cannot be read, KeyError or TypeError for an identity of another shape.
    """
    path, settings, rules = run_dir / "inputs" / CLAIMS_INPUT, identity["settings"], identity["rules"]
    raw = json.loads(path.read_bytes())
    found = (decode(Claim, one, str(path), at=f"/claims/{place}") for place, one in enumerate(raw["claims"]))
    by_key = {claim.key: claim for claim in found}
    claims = {seed: tuple(by_key[key] for key in raw["seeds"][str(seed)]) for seed in rules["seeds"]}
    sampling = Sampling(
        settings["temperature"], settings["top_p"], settings["max_tokens"], None, settings["reasoning_effort"]
    )
    game = _game(settings, claims, tuple(rules["senders"]), tuple(rules["receivers"]), sampling)
    return CheapTalk(game, rules["source"], result_rules(settings, rules["seeds"]))
