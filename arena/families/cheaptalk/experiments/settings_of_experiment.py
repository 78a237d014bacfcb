"""An experiment file -> settings of the command, and the settings that had no effect in a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from arena.errors import ConfigError, DataError, Issue
from arena.families.cheaptalk.data.table import DATASETS
from arena.families.cheaptalk.deviations.table import DEVIATIONS
from arena.families.cheaptalk.experiments.experiment import Baseline, Experiment
from arena.families.cheaptalk.experiments.milestones import MILESTONES
from arena.families.cheaptalk.protocols.table import PROTOCOLS
from arena.families.cheaptalk.scene import CLOSED
from arena.families.cheaptalk.spec import NOT_RATING
from arena.formats.short_names import full_name
from arena.settings.blocks import without_judge
from arena.settings.config import Config
from arena.settings.table import PROVIDERS

_PLACES = {"path": "episodes_path", "summary_path": "summary_path", "results_dir": "results_dir"}
"""Key under `output` -> setting."""

FILES = {"milestone1.jsonl": "milestone1", "milestone1_summary.json": "milestone1"}
"""Last part of a path under `output` -> milestone; a folder is named as its milestone is."""


def settings_of(experiment: Experiment, given: frozenset[str], file: str) -> dict[str, Any]:
    """Return setting -> value for the keys of an experiment file. `given`: pointers of its keys, as `/llm/model`.

    Errors: DataError with every key that has no effect, and what to do about it.
    """
    reader = _Reader(experiment, given, file)
    found = reader.values()
    if reader.issues:
        raise DataError(reader.issues)
    return found


def pointers(value: object, at: str = "") -> Iterator[str]:
    """Yield the pointers of all keys of a decoded file whose value is not null."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if inner is not None:
                yield f"{at}/{key}"
                yield from pointers(inner, f"{at}/{key}")


class _Reader:
    def __init__(self, experiment: Experiment, given: frozenset[str], file: str) -> None:
        self.experiment, self.given, self.file = experiment, given, file
        self.issues: list[Issue] = []

    def refuse(self, pointer: str, message: str) -> None:
        self.issues.append(Issue(self.file, pointer, message))

    def has(self, *names: str) -> bool:
        return any(name in self.given for name in names)

    def values(self) -> dict[str, Any]:
        one = self.experiment
        found: dict[str, Any] = {}
        if one.name:
            found["experiment_name"] = one.name
        if self.has("/experiment/num_tasks"):
            found["num_tasks"] = one.num_tasks
        if self.has("/experiment/seed", "/experiment/seeds"):
            found["seeds"] = tuple(str(seed) for seed in one.seeds)
        if one.dataset.num_samples is not None:
            found["num_samples"] = one.dataset.num_samples
        found |= self.data() | self.models() | self.paying() | self.constants() | self.methods() | self.output()
        if one.protocols:
            found["protocols"] = one.protocols
        if one.deviations:
            found["deviations"] = one.deviations
        return found

    def data(self) -> dict[str, Any]:
        chosen = self.experiment.dataset
        names = {row.name for row in DATASETS}
        name = chosen.name.lower()
        if name not in names:
            self.refuse("/dataset/name", f"{chosen.name!r} is unknown; give one of {', '.join(sorted(names))}")
        if chosen.split:
            self.refuse("/dataset/split", "has no effect: a file has one split; remove the key, and name with --data "
                        "the file of the split that you want")  # fmt: skip
        return {"dataset": name} if self.has("/dataset/name") and name in names else {}

    def models(self) -> dict[str, Any]:
        llm, found = self.experiment.llm, dict[str, Any]()
        if llm.provider:
            if llm.provider in PROVIDERS:
                found["participant_provider"] = llm.provider
            else:
                self.refuse("/llm/provider", f"{llm.provider!r} is unknown; give one of {', '.join(PROVIDERS)}")
        if llm.model:
            found["participant_model"] = llm.model
        if llm.temperature is not None:
            found["temperature"] = llm.temperature
        own = f"{(llm.provider or 'openai').upper().removesuffix('-CHAT')}_API_KEY"
        if llm.api_key_env and llm.api_key_env != own:
            self.refuse("/llm/api_key_env", f"is {llm.api_key_env}: a settings file does not say which secret is sent; "
                        f"put the key into {own} and remove this line")  # fmt: skip
        return found

    def paying(self) -> dict[str, Any]:
        one, found = self.experiment, dict[str, Any]()
        for name in ("lambda_cost", "mu_penalty", "token_cost_per_1k", "tool_call_cost"):
            if self.has(f"/payoff/{name}", f"/payoff_config/{name}"):
                found[name] = getattr(one.payoff, name)
        if one.verifier.use_semantic_matching:
            self.refuse("/verifier/use_semantic_matching", "needs an endpoint for embeddings; the arena has none; "
                        "set it to false")  # fmt: skip
        if self.has("/verifier/use_llm_evidence_eval"):
            found["use_llm_evidence_eval"] = one.verifier.use_llm_evidence_eval
        weights = {"string_match": "string_match_weight", "llm": "llm_weight"}
        for key, name in weights.items():
            if self.has(f"/verifier/evidence_score_weights/{key}"):
                found[name] = getattr(one.verifier.weights, key)
        return found

    def constants(self) -> dict[str, Any]:
        one, found = self.experiment, dict[str, Any]()
        for name in ("num_cross_exam_questions", "question_templates"):
            if self.has(f"/p2_config/{name}"):
                found[name] = getattr(one.cross_exam, name)
        for pointer in self.given:
            if pointer.startswith("/p3_config/"):
                name = pointer.rsplit("/", 1)[1]
                found[name] = getattr(one.reputation, name)
        return found

    def methods(self) -> dict[str, Any]:
        one, found = self.experiment, dict[str, Any]()
        for name in ("max_tokens_per_task", "max_llm_calls_per_task"):
            if getattr(one.budget, name) is not None:
                found[name] = getattr(one.budget, name)
        kinds = [row.type for row in one.baselines]
        for kind in ("self_consistency", "self_refine"):
            if kinds.count(kind) > 1:
                self.refuse("/baselines", f"has {kind} twice: a run plays it with one setting")
        protocols = tuple(full_name(row.protocol_id, PROTOCOLS) for row in one.baselines if row.type == "protocol")
        for place, row in enumerate(one.baselines):
            found |= self.method(row, f"/baselines/{place}")
        if protocols:
            if one.protocols and tuple(full_name(name, PROTOCOLS) for name in one.protocols) != protocols:
                self.refuse("/baselines", f"names the protocols {', '.join(protocols)}, and /protocols others")
            found["protocols"] = protocols
        if one.baselines:
            found["baselines"] = tuple(kind for kind in dict.fromkeys(kinds) if kind != "protocol")
        return found

    def method(self, row: Baseline, pointer: str) -> dict[str, Any]:
        """Return the settings of one method; its name must be the one that results have."""
        found: dict[str, Any] = {}
        if row.type == "self_consistency":
            name, found["k_samples"] = f"self_consistency_k{row.k_samples}", row.k_samples
        elif row.type == "self_refine":
            name, found["num_rounds"] = f"self_refine_r{row.num_rounds}", row.num_rounds
        else:
            name = f"protocol_{full_name(row.protocol_id, PROTOCOLS).split('_')[0]}"
        if row.temperature is not None:
            found["consistency_temperature" if row.type == "self_consistency" else "refine_temperature"] = (
                row.temperature
            )
        if row.name != name:
            self.refuse(f"{pointer}/name", f"is {row.name}, but results name this method {name}; write that")
        return found

    def output(self) -> dict[str, Any]:
        out, found = self.experiment.output, dict[str, Any]()
        milestones = []
        for key in ("path", "summary_path", "results_dir"):
            text = getattr(out, key)
            if not text:
                continue
            last = PurePosixPath(text).name
            milestone = FILES.get(last) if key != "results_dir" else last if last in MILESTONES else None
            if milestone is None or (key == "results_dir") != bool(MILESTONES[milestone].folder):
                self.refuse(f"/output/{key}", f"is {text}: results are in the run directory under the names of their "
                            "milestone; end the path with one of milestone1.jsonl, milestone1_summary.json "
                            "(path, summary_path), milestone2, milestone3, milestone4 (results_dir)")  # fmt: skip
            else:
                milestones.append(milestone)
                found[_PLACES[key]] = text
        if len(set(milestones)) > 1:
            self.refuse("/output", f"names files of several milestones: {', '.join(sorted(set(milestones)))}")
        if milestones:
            found["milestones"] = (milestones[0],)
        left_out = tuple(
            name.removeprefix("save_")
            for name in ("save_episodes", "save_summary", "save_comparison_table", "save_reputation_trajectories")
            + ("save_progression_analysis",)
            if not getattr(out, name)
        )
        if left_out:
            found["not_written"] = left_out
        return found


def played(config: Config, from_file: Mapping[str, object], file: str) -> Config:
    """Return the settings of a run: names are written out, the source of values from an experiment file is named, and
    who rates evidence is in them only if evidence is rated."""
    source = {
        name: file if where == "default" and name in from_file else where for name, where in config.source.items()
    }
    settings, table = {**config.settings, **_names(config)}, config.table
    if settings["information"] == CLOSED and source["controls"] == "default":
        settings["controls"] = ()
    if settings["use_llm_evidence_eval"]:
        settings |= NOT_RATING
    else:
        table = without_judge(table)
        settings = {row.name: settings[row.name] for row in table}
    return replace(config, settings=settings, source=source, table=table)


def _names(config: Config) -> dict[str, tuple[str, ...]]:
    """Return the names of protocols and deviations written out; `build` refuses those that there are not."""
    known = {"protocols": tuple(PROTOCOLS), "deviations": tuple(DEVIATIONS)}
    return {key: tuple(dict.fromkeys(full_name(name, rows) for name in config[key])) for key, rows in known.items()}


def check_effects(config: Config) -> None:
    """Raise ConfigError for settings that were given and have no effect in this run, all of them at once."""
    found = [
        f"{config.source[name]}: {name} has no effect: {why}"
        for name, why in _without_effect(config)
        if config.source[name] != "default"
    ]
    if found:
        raise ConfigError("\n".join(found))


def _without_effect(config: Config) -> Iterator[tuple[str, str]]:
    """Yield the settings that a run does not use, each with why."""
    milestones = [MILESTONES[name] for name in config["milestones"]]
    protocols = {one for row in milestones for one in config["protocols"] or row.protocols}
    deviations = set(config["deviations"]) or {one for row in milestones for one in row.deviations}
    if not any(row.methods for row in milestones):
        for name in ("k_samples", "num_rounds", "consistency_temperature", "refine_temperature", "baselines"):
            yield name, "the methods of milestone 3 are not played"
        for name in ("max_tokens_per_task", "max_llm_calls_per_task"):
            yield name, "the budget is that of milestone 3, which is not played"
    if "milestone1" not in config["milestones"]:
        for name in ("episodes_path", "summary_path", "output"):
            yield name, "milestone 1 is not played"
    if all(not row.folder for row in milestones):
        yield "results_dir", "milestone 1 has no folder"
    if all(row.methods for row in milestones):
        yield "deviations", "milestone 3 compares honest senders with methods"
    if not any(PROTOCOLS[one].asks for one in protocols if one in PROTOCOLS):
        for name in ("num_cross_exam_questions", "question_templates"):
            yield name, "no protocol that is played asks questions"
    if not any(PROTOCOLS[one].reputation for one in protocols if one in PROTOCOLS):
        for name in ("series", "rep_alpha", "rep_floor", "rep_ceiling", "rep_threshold", "slashing_penalty",
                     "redemption_bonus", "redemption_threshold", "redemption_streak"):  # fmt: skip
            yield name, "no protocol with a reputation is played"
    if "milk" not in deviations:
        yield "milk_above", "the deviation milk is not played"
    if not config["use_llm_evidence_eval"]:
        for name in ("string_match_weight", "llm_weight"):
            yield name, "evidence is not rated (--llm-eval)"
    if config["payoff"] != "tempted":
        for name in ("bonus", "tell_bonus"):
            yield name, "only --payoff tempted has a bonus"
