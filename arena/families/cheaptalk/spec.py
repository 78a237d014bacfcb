"""The cheaptalk family as its command sees it."""

from __future__ import annotations

from arena.families.cheaptalk.data.table import DATASETS
from arena.families.cheaptalk.payoff import PAYOFFS
from arena.families.cheaptalk.verifying.matches import MATCHES
from arena.families.spec import FamilySpec, Need, Words
from arena.settings.blocks import changed
from arena.settings.table import (
    GROUPS,
    JUDGE_ANSWER,
    JUDGE_MATERIAL,
    PLAYED,
    PLAYERS,
    PLAYING,
    SHOWING,
    WHO_JUDGES,
    MockModels,
    Setting,
)

_ID, _OP = "identity", "operation"
_RESULTS, _DISPLAY = GROUPS[4], GROUPS[-1]

INFORMATION = ("closed", "sender", "open")

TASKS: tuple[Setting, ...] = (
    Setting("num_tasks", ("--num-tasks",), "int", None, _ID, PLAYED,
            "number of claims to play [default: all loaded]", env="NUM_TASKS", low=1, metavar="N"),
    Setting("num_samples", ("--num-samples",), "int", None, _ID, PLAYED,
            "number of claims to load, drawn by the seed [default: all]; at least --num-tasks", env="NUM_SAMPLES",
            low=1, metavar="N"),
    Setting("seeds", ("--seeds",), "list", (), _ID, PLAYED,
            "several run seeds, all of them played; --seed overrides the variable; repeatable", env="SEEDS",
            metavar="NUMBERS"),
    Setting("dataset", ("--dataset",), "text", "claims", _ID, PLAYED,
            "form of the data: " + ", ".join(row.name for row in DATASETS),
            choices=tuple(row.name for row in DATASETS), metavar="NAME"),
    Setting("data", ("--data",), "path", None, _ID, PLAYED,
            "file with the claims (src/claims/claims.jsonl for claims; every other form needs one)", metavar="FILE"),
    Setting("wiki_pages", ("--wiki-pages",), "path", None, _ID, PLAYED,
            "folder of pages in which the text of official evidence is found (fever)", metavar="DIR"),
    Setting("skip_unusable", ("--skip-unusable",), "flag", False, _ID, PLAYED,
            "leave rows out that cannot be used, and say how many"),
)  # fmt: skip
"""Which claims are played."""

GAME: tuple[Setting, ...] = (
    Setting("milestones", ("--milestones",), "list", ("milestone1",), _ID, PLAYED,
            "which result files are written: milestone1, milestone2, milestone3, milestone4; repeatable",
            choices=("milestone1", "milestone2", "milestone3", "milestone4"), metavar="NAMES"),
    Setting("protocols", ("--protocols",), "list", (), _ID, PLAYED,
            "protocols, such as p1,p2,p3 (an unknown name lists all) [default: those of the milestones]; repeatable",
            metavar="NAMES"),
    Setting("deviations", ("--deviations",), "list", (), _ID, PLAYED,
            "instructions to senders, such as honest,lie,withhold (an unknown name lists all) [default: as in the"
            " milestones]; repeatable", metavar="NAMES"),
    Setting("controls", ("--controls",), "list", (), _ID, PLAYED,
            "controls under the first protocol: no_message, shuffled_message; repeatable",
            choices=("no_message", "shuffled_message"), metavar="NAMES"),
    Setting("information", ("--information",), "text", "sender", _ID, PLAYED,
            "who sees sentences: closed (nobody; the receiver has only the message), sender, open (both)",
            choices=INFORMATION, metavar="WHO"),
    Setting("sender_model", ("--sender-model",), "list", (), _ID, PLAYED,
            "models that send, each with every receiver [default: --participant-model]; repeatable",
            metavar="MODELS"),
    Setting("receiver_model", ("--receiver-model",), "list", (), _ID, PLAYED,
            "models that receive [default: --participant-model]; repeatable", metavar="MODELS"),
    Setting("series", ("--series",), "int", 10, _ID, PLAYED,
            "series per cell and seed under P3: the claims are dealt out to them", low=1, high=100_000, metavar="N"),
    Setting("milk_above", ("--milk-above",), "float", 0.75, _ID, PLAYED,
            "reputation at which the deviation milk starts to lie", low=0, high=1, metavar="X"),
    Setting("belief", ("--belief",), "flag", True, _ID, PLAYED,
            "do not ask the sender for its belief first: a call less, but behaviour is not checked against it"),
    Setting("gates", ("--gates",), "path", None, "invocation", PLAYED,
            "policy that decides about model calls: docs/policy.md; its content is part of the identity",
            metavar="FILE"),
    Setting("experiment_name", ("--experiment-name",), "text", None, _ID, PLAYED,
            "a name for the manifest", metavar="TEXT"),
)  # fmt: skip
"""Settings of play."""

FILES: tuple[Setting, ...] = (
    Setting("episodes_path", ("--episodes-path",), "text", None, _ID, _RESULTS,
            "file in the run for the episodes of milestone 1 [default: milestone1.jsonl]", metavar="NAME"),
    Setting("summary_path", ("--summary-path",), "text", None, _ID, _RESULTS,
            "file in the run for the summary of milestone 1 [default: milestone1_summary.json]", metavar="NAME"),
    Setting("results_dir", ("--results-dir",), "text", None, _ID, _RESULTS,
            "folder in the run for the files of milestone 2, 3 or 4 [default: the name of the milestone]",
            metavar="NAME"),
    Setting("not_written", ("--not-written",), "list", (), _ID, _RESULTS,
            "result files that are left out: episodes, summary, comparison_table, reputation_trajectories,"
            " progression_analysis; repeatable",
            choices=("episodes", "summary", "comparison_table", "reputation_trajectories", "progression_analysis"),
            metavar="NAMES"),
    Setting("output", ("--output",), "path", None, "invocation", _RESULTS,
            "also write the episodes of milestone 1 to this file, and their summary next to it", metavar="FILE"),
)  # fmt: skip
"""Which result files are written."""

PAYING: tuple[Setting, ...] = (
    Setting("payoff", ("--payoff",), "text", "standard", _ID, PLAYED,
            "payoff of the sender: " + ", ".join(row.name for row in PAYOFFS),
            choices=tuple(row.name for row in PAYOFFS), metavar="NAME"),
    Setting("lambda_cost", ("--lambda-cost",), "float", 0.01, _ID, PLAYED, "weight of the cost", low=0, metavar="X"),
    Setting("mu_penalty", ("--mu-penalty",), "float", 0.5, _ID, PLAYED, "weight of the penalty", low=0, metavar="X"),
    Setting("token_cost_per_1k", ("--token-cost-per-1k",), "float", 0.01, _ID, PLAYED,
            "cost of a thousand tokens in a payoff", low=0, metavar="X"),
    Setting("tool_call_cost", ("--tool-call-cost",), "float", 0.01, _ID, PLAYED,
            "cost of a tool call in a payoff", low=0, metavar="X"),
    Setting("bonus", ("--bonus",), "float", 0.0, _ID, PLAYED,
            "payoff of a tempted sender when the receiver decides for the target label (--payoff tempted)", low=0,
            metavar="X"),
    Setting("tell_bonus", ("--tell-bonus",), "flag", False, _ID, PLAYED,
            "tell the sender of the bonus and of its target label"),
    Setting("evidence_match", ("--evidence-match",), "text", "strict", _ID, PLAYED,
            "which match with the gold sentences counts; string is the predecessor's: " + ", ".join(MATCHES),
            choices=tuple(MATCHES), metavar="NAME"),
    Setting("use_llm_evidence_eval", ("--llm-eval", "--use-llm-evidence-eval"), "flag", False, _ID, PLAYED,
            "have a model (--judge-model) rate every piece of evidence", env="USE_LLM_EVIDENCE_EVAL"),
    Setting("string_match_weight", ("--string-match-weight",), "float", 0.5, _ID, PLAYED,
            "weight of the match relative to the rating", low=0, metavar="X"),
    Setting("llm_weight", ("--llm-weight",), "float", 0.5, _ID, PLAYED,
            "weight of the rating", low=0, metavar="X"),
)  # fmt: skip
"""Settings of payoffs."""

CONSTANTS: tuple[Setting, ...] = (
    Setting("num_cross_exam_questions", ("--num-cross-exam-questions",), "int", 2, _ID, PLAYED,
            "questions that a receiver asks under P2 and P3", low=1, high=6, metavar="N"),
    Setting("question_templates", ("--question-templates",), "list", (), _ID, PLAYED,
            "names of questions to choose from [default: all]; repeatable", metavar="NAMES"),
    Setting("rep_alpha", ("--rep-alpha",), "float", 0.1, _ID, PLAYED,
            "weight of the newest episode in a reputation", low=0, high=1, metavar="X"),
    Setting("rep_floor", ("--rep-floor",), "float", 0.2, _ID, PLAYED, "lowest reputation", above=0, high=1,
            metavar="X"),
    Setting("rep_ceiling", ("--rep-ceiling",), "float", 1.0, _ID, PLAYED, "highest reputation", low=0, high=1,
            metavar="X"),
    Setting("rep_threshold", ("--rep-threshold",), "float", 0.5, _ID, PLAYED,
            "reputation below which evidence is verified before the decision", low=0, high=1, metavar="X"),
    Setting("slashing_penalty", ("--slashing-penalty",), "float", 0.15, _ID, PLAYED,
            "reduction of a reputation by slashing", low=0, high=1, metavar="X"),
    Setting("redemption_bonus", ("--redemption-bonus",), "float", 0.1, _ID, PLAYED,
            "increase of a reputation by redemption", low=0, high=1, metavar="X"),
    Setting("redemption_threshold", ("--redemption-threshold",), "float", 0.4, _ID, PLAYED,
            "reputation below which there is redemption", low=0, high=1, metavar="X"),
    Setting("redemption_streak", ("--redemption-streak",), "int", 3, _ID, PLAYED,
            "episodes without fault in a row that redeem", low=1, metavar="N"),
)  # fmt: skip
"""The constants of P2 and P3."""

BASELINES: tuple[Setting, ...] = (
    Setting("baselines", ("--baselines",), "list", ("self_consistency", "self_refine"), _ID, PLAYED,
            "methods of milestone 3: self_consistency, self_refine; repeatable",
            choices=("self_consistency", "self_refine"), metavar="NAMES"),
    Setting("k_samples", ("--k-samples",), "int", 5, _ID, PLAYED, "samples of self-consistency", low=1, high=1000,
            metavar="K"),
    Setting("num_rounds", ("--num-rounds",), "int", 2, _ID, PLAYED, "rounds of self-refine", low=1, high=1000,
            metavar="R"),
    Setting("consistency_temperature", ("--consistency-temperature",), "float", 0.7, _ID, PLAYED,
            "sampling temperature of self-consistency", low=0, high=2, metavar="X"),
    Setting("refine_temperature", ("--refine-temperature",), "float", 0.3, _ID, PLAYED,
            "sampling temperature of self-refine", low=0, high=2, metavar="X"),
    Setting("max_tokens_per_task", ("--max-tokens-per-task",), "int", None, _ID, PLAYED,
            "limit on the tokens of an episode of milestone 3, sent and received [default: no limit]", low=1,
            liftable=True, metavar="N"),
    Setting("max_llm_calls_per_task", ("--max-llm-calls-per-task",), "int", None, _ID, PLAYED,
            "most calls of one episode of a method of milestone 3 [default: no limit]", low=1, liftable=True,
            metavar="N"),
)  # fmt: skip
"""The methods of milestone 3, and the budget that they share with the protocol they are compared with."""

BATCH_SIZE = Setting("batch_size", ("--batch-size",), "int", None, _OP, _RESULTS,
                     "accepted, and without meaning here: finished episodes are written one by one", env="BATCH_SIZE",
                     low=1, metavar="N")  # fmt: skip

EXPERIMENT = Setting("experiment", ("--config",), "path", None, "invocation", _DISPLAY,
                     "read an experiment from a YAML file with the predecessor's keys (config/cheaptalk/)",
                     metavar="FILE")  # fmt: skip

_OPENAI = ("participant_provider", ("openai", "openai-chat"))
_CHANGED: dict[str, dict[str, object]] = {
    "seed": {"default": 42, "env": "SEED"},
    "resume": {"help": "resume the run in --out: finished episodes are kept, the others are played"},
    "workers": {"env": "MAX_CONCURRENT_EPISODES", "help": "episodes played at once"},
    "rpm": {"env": "RATE_LIMIT_RPM"},
    "participant_model": {
        "env": "OPENAI_MODEL", "env_if": _OPENAI,
        "help": "model of both seats, or provider/model (mock without one: careful; mock/careless reads worse)",
    },
    "judge_provider": {"help": "who rates evidence (--llm-eval); with offline players mock, else it must be given"},
    "judge_model": {"env": None, "env_if": None, "help": "model that rates evidence, or provider/model"},
    "judge_temperature": {"default": 0.0, "help": "sampling temperature of the rating"},
    "judge_max_tokens": {"default": 800, "help": "limit on the tokens of one rating"},
}  # fmt: skip
"""Rows of the common blocks that this family words or reads in its own way."""

NOT_RATING: dict[str, object] = {row.name: row.default for row in JUDGE_MATERIAL}
"""Rows of the judge's block that have no effect here, with their fixed values."""

RATING: tuple[Setting, ...] = changed((*WHO_JUDGES, *JUDGE_ANSWER), _CHANGED)
"""Who rates evidence; in the settings of a run only if evidence is rated."""
_COMMON = changed((*PLAYERS, *PLAYING, *SHOWING), _CHANGED)

SETTINGS: tuple[Setting, ...] = (
    *TASKS, *GAME, *PAYING, *CONSTANTS, *BASELINES, *FILES, *RATING, *_COMMON, BATCH_SIZE, EXPERIMENT,
)  # fmt: skip

SPEC = FamilySpec(
    name="cheaptalk",
    module="arena.families.cheaptalk.setup",
    settings=SETTINGS,
    words=Words("claim", "claims", "episode", "episodes"),
    judge=Need.OPTIONAL,
    providers={"mock": "arena.families.cheaptalk.mock.provider"},
    mocks=MockModels(player="careful", judge="rater"),
    compared=(
        "num_tasks",
        "dataset",
        "information",
        "payoff",
        "bonus",
        "tell_bonus",
        "lambda_cost",
        "mu_penalty",
        "token_cost_per_1k",
        "tool_call_cost",
        "evidence_match",
        "use_llm_evidence_eval",
        "string_match_weight",
        "llm_weight",
        "series",
        "num_cross_exam_questions",
        "question_templates",
        "max_tokens_per_task",
        "max_llm_calls_per_task",
    ),
    not_compared=("senders", "receivers", "mock_sha256"),
    rule_files={
        "claims_sha256": ("data", "dataset", "num_tasks", "num_samples", "seed", "seeds", "skip_unusable"),
        "source": ("data", "dataset", "num_tasks", "num_samples", "seed", "seeds", "skip_unusable", "wiki_pages"),
    },
    chooses_conditions=("conditions",),
    report="arena.families.cheaptalk.report",
    detail_class="arena.families.cheaptalk.detail.EpisodeDetail",
)
