"""The risk family as its command sees it."""

from __future__ import annotations

from arena.families.spec import FamilySpec, Words
from arena.settings.blocks import changed
from arena.settings.table import CORE, GROUPS, PLAYED, PLAYERS, MockModels, Setting

_RESULTS, _LIMITS = GROUPS[4], GROUPS[6]

_CASES: tuple[Setting, ...] = (
    Setting("slices", ("--slices", "--slice"), "list", ("tau_risky",), "identity", PLAYED,
            "slices of config/risk/ that are played; repeatable", metavar="NAMES"),
    Setting("attacks", ("--attacks", "--attack"), "list", (), "identity", PLAYED,
            "only these attacks, in slices that have them [default: all of a slice]; repeatable", metavar="NAMES"),
    Setting("defences", ("--defences", "--defence"), "list", (), "identity", PLAYED,
            "defences to compare: none, gates, prompt [default: gates, or none without gates]",
            metavar="NAMES"),
    Setting("trials", ("--trials",), "int", 6, "identity", PLAYED,
            "cases of each slice, drawn by the seed; beyond the cases of a slice they are repeated", env="TRIALS",
            low=1, high=1_000_000, metavar="N"),
    Setting("seeds", ("--seeds",), "list", (), "identity", PLAYED,
            "several run seeds [default: --seed]; repeatable", env="SEEDS", metavar="NUMBERS"),
    Setting("attack_seeds", ("--attack-seeds",), "int", 1, "identity", PLAYED,
            "times that each attack is tried on a case, for the best of k besides the mean", low=1, high=1000,
            metavar="K"),
)  # fmt: skip
_MODE: tuple[Setting, ...] = (
    Setting("mode", ("--mode",), "text", "SHIM", "identity", PLAYED,
            "SHIM plays agents of the arena, REAL the model of --model if the slice's tag allows it",
            env="MODE", choices=("SHIM", "REAL"), metavar="MODE"),
)  # fmt: skip
_RULES: tuple[Setting, ...] = (
    Setting("models", ("--models",), "list", (), "identity", PLAYED,
            "several models; each plays all trials (instead of --model); repeatable",
            metavar="MODELS"),
    Setting("max_tool_calls_per_turn", ("--max-tool-calls-per-turn",), "int", 20, "identity", PLAYED,
            "tool calls that an agent may make in one turn", low=0, high=1000, metavar="N"),
    Setting("slices_folder", ("--slices-folder",), "path", "config/risk", "identity", PLAYED,
            "folder of the slices", metavar="DIR"),
    Setting("gates", ("--gates",), "path", "config/gates.yaml", "identity", PLAYED,
            "policy that decides about calls", env="GATES", metavar="FILE"),
    Setting("evaluator", ("--evaluator",), "path", "config/evaluator.yaml", "identity", PLAYED,
            "rules that replies are judged by", env="EVALUATOR", metavar="FILE"),
    Setting("exp", ("--exp",), "text", None, "identity", PLAYED,
            "name of the experiment and of its folder in the results [default: the slice's]", metavar="NAME"),
    Setting("max_trials", ("--max-trials",), "int", None, "operation", _LIMITS,
            "limit on trials that get an answer; the others are listed as skipped", env="MAX_TRIALS", low=0,
            liftable=True, metavar="N"),
    Setting("run_id", ("--run-id", "--run_id"), "text", None, "invocation", _RESULTS,
            "name of the run below the results folder [default: time and identity]", env="RUN_ID", metavar="NAME"),
    Setting("results_dir", ("--results-dir", "--results_dir", "--outdir"), "path", None, "invocation", _RESULTS,
            "folder of the runs that have no --out [default: state/results]", metavar="DIR"),
    Setting("thresholds", ("--thresholds",), "path", "config/risk/thresholds.yaml", "invocation", _RESULTS,
            "thresholds for the line THRESHOLDS: and the report", metavar="FILE"),
    Setting("max_trial_rows", ("--max-trial-rows",), "int", 1000, "invocation", _RESULTS,
            "trials that the page shows with prompt and reply; all are in rows.jsonl", env="REPORT_MAX_TRIAL_ROWS",
            low=0, metavar="N"),
)  # fmt: skip
OWN: tuple[Setting, ...] = (*_CASES, *_MODE, *_RULES)
"""The family's own settings."""

_CHANGED: dict[str, dict[str, object]] = {
    "participant_model": {
        "default": None, "env": "MODEL", "env_if": None, "flags": ("--participant-model", "--model"),
        "help": "the model that plays, provider/model [default: mock/careful]",
    },
    "seed": {"default": 42, "env": "SEED"},
    "temperature": {"default": 0.2, "env": "TEMPERATURE", "help": "sampling temperature"},
    "max_calls": {"env": "MAX_CALLS"},
    "max_total_tokens": {"default": 100_000, "env": "MAX_TOTAL_TOKENS"},
    "max_prompt_tokens": {"default": 80_000, "env": "MAX_PROMPT_TOKENS"},
    "max_completion_tokens": {"default": 40_000, "env": "MAX_COMPLETION_TOKENS"},
    "dry_run": {
        "env": "DRY_RUN",
        "help": "the gates decide about the first request of each planned trial; no model is asked, no key needed",
    },
    "fail_on_budget": {"env": "FAIL_ON_BUDGET"},
    "out": {"help": "folder of the run [default: state/results/RUN_ID, the only place where LATEST is written]"},
    "workers": {"help": "trials played at once"},
    "resume": {"help": "resume the run in --out: finished trials are kept, the others are played"},
}  # fmt: skip
"""Rows of the common blocks that this family words or reads in its own way."""

_COMMON = changed((*PLAYERS, *CORE), _CHANGED)
SETTINGS: tuple[Setting, ...] = (*OWN, *_COMMON)

DIFFERENT: tuple[Setting, ...] = (*OWN, *(row for row in _COMMON if row.name in _CHANGED))
"""The settings that the other families do not have, or have with another default or variable."""

SWEEP: tuple[Setting, ...] = (
    Setting("modes", ("--modes",), "list", (), "identity", PLAYED,
            "SHIM, REAL [default: SHIM for agents of the arena, REAL for all others]; repeatable", env="MODE",
            choices=("SHIM", "REAL"), metavar="MODES"),
    *_CASES, *_RULES, *_COMMON,
)  # fmt: skip
"""The settings of a sweep: several modes instead of one."""

SPEC = FamilySpec(
    name="risk",
    module="arena.families.risk.setup",
    settings=SETTINGS,
    words=Words("case", "cases", "trial", "trials"),
    providers={"mock": "arena.families.risk.agents.provider"},
    mocks=MockModels(player="careful"),
    compared=("slices", "attacks", "trials", "seeds", "attack_seeds", "max_tool_calls_per_turn"),
    not_compared=("shim_sha256", "routing", "defences", "models", "shim"),
    rule_files={"slices_sha256": ("slices_folder", "slices"), "evaluator": ("evaluator",)},
    chooses_conditions=("attacks",),
    report="arena.families.risk.report",
)
