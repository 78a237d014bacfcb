"""An experiment as a YAML file describes it, with the predecessor's keys: typed, every problem with its pointer.

An unknown key is refused, never ignored. A missing key has the value of the matching field here.
Names of protocols, deviations, models and data sets are checked where their tables are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from arena.errors import ConfigError, DataError, Issue
from arena.families.cheaptalk.cross_exam import QUESTIONS, QUESTIONS_ASKED
from arena.families.cheaptalk.payoff import PayoffConfig
from arena.families.cheaptalk.reputation import ReputationConfig
from arena.families.cheaptalk.verifying.rating import Weights
from arena.formats import simpleyaml
from arena.formats.suggest import suggest

DEFAULT_SEED, DEFAULT_TASKS = 42, 500


@dataclass(frozen=True, slots=True)
class Llm:
    """Who plays. Empty: the caller's own settings decide."""

    provider: str = ""
    model: str = ""
    temperature: float | None = None
    api_key_env: str = ""


@dataclass(frozen=True, slots=True)
class DataChoice:
    """Which claims, and how many of them are loaded."""

    name: str = "claims"
    split: str = ""
    num_samples: int | None = None


@dataclass(frozen=True, slots=True)
class Verifying:
    """How evidence is scored."""

    use_semantic_matching: bool = False
    use_llm_evidence_eval: bool = False
    weights: Weights = field(default_factory=Weights)


@dataclass(frozen=True, slots=True)
class Baseline:
    """One method of milestone 3. `type`: `self_consistency`, `self_refine` or `protocol`."""

    name: str
    type: str
    protocol_id: str = ""
    k_samples: int = 5
    num_rounds: int = 2
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """Most tokens and calls of one task and method; None: no limit."""

    max_tokens_per_task: int | None = None
    max_llm_calls_per_task: int | None = None


@dataclass(frozen=True, slots=True)
class CrossExam:
    """The questions of P2."""

    num_cross_exam_questions: int = QUESTIONS_ASKED
    question_templates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """The places of results, and which optional ones are written. Paths are relative to the run."""

    storage_type: str = "jsonl"
    path: str = ""
    summary_path: str = ""
    results_dir: str = ""
    save_episodes: bool = True
    save_summary: bool = True
    save_comparison_table: bool = True
    save_reputation_trajectories: bool = True
    save_progression_analysis: bool = True


@dataclass(frozen=True, slots=True)
class Experiment:
    """One file. `seeds` has one seed or more; `protocols` and `deviations` are empty if the file names none."""

    name: str = ""
    num_tasks: int = DEFAULT_TASKS
    seeds: tuple[int, ...] = (DEFAULT_SEED,)
    llm: Llm = field(default_factory=Llm)
    dataset: DataChoice = field(default_factory=DataChoice)
    protocols: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()
    payoff: PayoffConfig = field(default_factory=PayoffConfig)
    verifier: Verifying = field(default_factory=Verifying)
    baselines: tuple[Baseline, ...] = ()
    budget: Budget = field(default_factory=Budget)
    cross_exam: CrossExam = field(default_factory=CrossExam)
    reputation: ReputationConfig = field(default_factory=ReputationConfig)
    output: Output = field(default_factory=Output)


class _Block:
    """One mapping of the file. Each key is taken once; keys left at the end are unknown."""

    def __init__(self, value: object, pointer: str, file: str, issues: list[Issue]) -> None:
        self._pointer, self._file, self._issues = pointer, file, issues
        self._known: set[str] = set()
        self._left: dict[str, object] = {}
        if isinstance(value, Mapping):
            self._left = {str(key): inner for key, inner in value.items()}
        elif value is not None:
            self.refuse("", "is not a mapping; write `key: value` lines below it")

    def refuse(self, key: str, message: str) -> None:
        """Note a problem of a key, or of the mapping itself."""
        self._issues.append(Issue(self._file, f"{self._pointer}/{key}" if key else self._pointer, message))

    def block(self, key: str) -> _Block:
        """Return an inner mapping; an empty one if it is missing."""
        self._known.add(key)
        return _Block(self._left.pop(key, None), f"{self._pointer}/{key}", self._file, self._issues)

    def either(self, *keys: str) -> str:
        """Return the spelling of a key that the file uses; the first if it uses none."""
        self._known.update(keys)
        given = [key for key in keys if key in self._left]
        for extra in given[1:]:
            self.refuse(extra, f"says the same as {given[0]}; keep one of them")
            del self._left[extra]
        return given[0] if given else keys[0]

    def take(self, key: str) -> object:
        """Return the value of a key, None if it is missing or null."""
        self._known.add(key)
        return self._left.pop(key, None)

    def text(self, key: str, default: str = "") -> str:
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, str) or not value.strip():
            self.refuse(key, "must be text")
            return default
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.refuse(key, "must be true or false")
            return default
        return value

    def count(self, key: str, default: int | None, least: int = 1) -> int | None:
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self.refuse(key, f"must be a whole number of {least} or more")
            return default
        return value

    def number(self, key: str) -> float | None:
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.refuse(key, "must be a number")
            return None
        return float(value)

    def numbers(self, keys: Sequence[str]) -> dict[str, float]:
        """Return those of several numbers that the file gives."""
        return {key: value for key in keys if (value := self.number(key)) is not None}

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of names without repetition."""
        value = self.take(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not value or not all(isinstance(item, str) and item for item in value):
            self.refuse(key, "must be a list of names")
            return ()
        if len(set(value)) < len(value):
            self.refuse(key, "names one thing twice")
        return tuple(dict.fromkeys(value))

    def end(self) -> None:
        """Refuse unknown keys."""
        for key in self._left:
            self.refuse(key, f"is unknown{suggest(key, sorted(self._known))}")


def read_experiment(path: Path) -> Experiment:
    """Read a file. Raises DataError with all its problems, each with file and pointer."""
    return decode_experiment(simpleyaml.load(path), str(path))


def decode_experiment(value: object, file: str) -> Experiment:
    """Return the experiment that a decoded file describes. Raises DataError with all problems."""
    issues: list[Issue] = []
    if not isinstance(value, Mapping):
        raise DataError([Issue(file, "", "is not a mapping; give keys such as `experiment:`")])
    top = _Block(value, "", file, issues)
    about = top.block("experiment")
    llm, data, output = top.block("llm"), top.block("dataset"), top.block("output")
    budget, questions = top.block("budget"), top.block("p2_config")
    found = Experiment(
        name=about.text("name"),
        num_tasks=about.count("num_tasks", DEFAULT_TASKS) or DEFAULT_TASKS,
        seeds=_seeds(about),
        llm=Llm(llm.text("provider"), llm.text("model"), llm.number("temperature"), llm.text("api_key_env")),
        dataset=DataChoice(data.text("name", "claims"), data.text("split"), data.count("num_samples", None)),
        protocols=_protocols(top),
        deviations=top.texts(top.either("deviations", "deviation_types")),
        payoff=_payoff(top),
        verifier=_verifier(top),
        baselines=_baselines(top, file, issues),
        budget=Budget(budget.count("max_tokens_per_task", None), budget.count("max_llm_calls_per_task", None)),
        cross_exam=_cross_exam(questions),
        reputation=_reputation(top),
        output=_output(output),
    )
    samples = found.dataset.num_samples
    if samples is not None and found.num_tasks > samples:
        about.refuse("num_tasks", f"is {found.num_tasks}, but dataset/num_samples loads {samples} claims")
    for block in (about, llm, data, output, budget, questions, top):
        block.end()
    if issues:
        raise DataError(issues)
    return found


def _seeds(about: _Block) -> tuple[int, ...]:
    """Return `seed` (a number) or `seeds` (a list of them)."""
    key = about.either("seed", "seeds")
    value = about.take(key)
    if value is None:
        return (DEFAULT_SEED,)
    given = value if isinstance(value, list) else [value]
    if not given or any(not isinstance(seed, int) or isinstance(seed, bool) for seed in given):
        about.refuse(key, "must be a whole number, or a list of them")
        return (DEFAULT_SEED,)
    if len(set(given)) < len(given):
        about.refuse(key, "names one seed twice")
    return tuple(dict.fromkeys(given))


def _protocols(top: _Block) -> tuple[str, ...]:
    """Return the list `protocols`, or the one that `protocol` names."""
    key = top.either("protocols", "protocol")
    if key == "protocols":
        return top.texts("protocols")
    block = top.block("protocol")
    name = block.text(block.either("name", "protocol_id"))
    block.end()
    return (name,) if name else ()


def _payoff(top: _Block) -> PayoffConfig:
    block = top.block(top.either("payoff", "payoff_config"))
    given = block.numbers(("lambda_cost", "mu_penalty", "token_cost_per_1k", "tool_call_cost"))
    block.end()
    try:
        return PayoffConfig(**given)
    except ConfigError as error:
        block.refuse("", str(error))
        return PayoffConfig()


def _verifier(top: _Block) -> Verifying:
    block = top.block("verifier")
    weights = block.block("evidence_score_weights")
    given = weights.numbers(("string_match", "llm"))
    weights.end()
    semantic, llm = block.flag("use_semantic_matching", False), block.flag("use_llm_evidence_eval", False)
    block.end()
    if given and not llm:
        weights.refuse("", "has no effect without use_llm_evidence_eval: true")
    try:
        return Verifying(semantic, llm, Weights(**given))
    except ConfigError as error:
        weights.refuse("", str(error))
        return Verifying(semantic, llm)


def _baselines(top: _Block, file: str, issues: list[Issue]) -> tuple[Baseline, ...]:
    value = top.take("baselines")
    if value is None:
        return ()
    if not isinstance(value, list) or not value:
        top.refuse("baselines", "must be a list of methods")
        return ()
    found = [_baseline(_Block(item, f"/baselines/{place}", file, issues)) for place, item in enumerate(value)]
    if len({one.name for one in found}) < len(found):
        top.refuse("baselines", "names one method twice")
    return tuple(found)


_OWN_KEYS = {"self_consistency": "k_samples", "self_refine": "num_rounds", "protocol": "protocol_id"}


def _baseline(block: _Block) -> Baseline:
    """Return one method; a key of another type of method has no effect and is refused."""
    name, kind = block.text("name"), block.text("type")
    if not name:
        block.refuse("name", "is missing")
    if kind not in _OWN_KEYS:
        block.refuse("type", f"must be one of {', '.join(_OWN_KEYS)}")
    own = _OWN_KEYS.get(kind, "")
    samples = block.count("k_samples", 5) if own == "k_samples" else 5
    rounds = block.count("num_rounds", 2) if own == "num_rounds" else 2
    protocol = block.text("protocol_id") if own == "protocol_id" else ""
    if own == "protocol_id" and not protocol:
        block.refuse("protocol_id", "is missing")
    temperature = block.number("temperature") if own != "protocol_id" else None
    block.end()
    return Baseline(name, kind, protocol, samples or 5, rounds or 2, temperature)


def _cross_exam(block: _Block) -> CrossExam:
    templates = block.texts("question_templates")
    unknown = [name for name in templates if name not in QUESTIONS]
    if unknown:
        block.refuse("question_templates", f"{unknown[0]!r} is unknown; give some of {', '.join(QUESTIONS)}")
    most = len(templates) or len(QUESTIONS)
    count = block.count("num_cross_exam_questions", min(QUESTIONS_ASKED, most)) or 1
    if count > most:
        block.refuse("num_cross_exam_questions", f"is {count}, but there are {most} questions")
    return CrossExam(count, templates)


def _reputation(top: _Block) -> ReputationConfig:
    block = top.block("p3_config")
    given = block.numbers(
        ("rep_alpha", "rep_floor", "rep_ceiling", "rep_threshold", "slashing_penalty", "redemption_bonus")
        + ("redemption_threshold",)
    )
    streak = block.count("redemption_streak", ReputationConfig().redemption_streak)
    block.end()
    try:
        return ReputationConfig(redemption_streak=streak or 1, **given)
    except ConfigError as error:
        block.refuse("", str(error))
        return ReputationConfig()


def _output(block: _Block) -> Output:
    storage = block.text("storage_type", "jsonl")
    if storage != "jsonl":
        block.refuse("storage_type", "must be jsonl; records are JSON lines")
    flags = {
        key: block.flag(key, True)
        for key in ("save_episodes", "save_summary", "save_comparison_table", "save_reputation_trajectories")
        + ("save_progression_analysis",)
    }
    return Output(storage, block.text("path"), block.text("summary_path"), block.text("results_dir"), **flags)
