"""The risk family as its command sees it."""

from __future__ import annotations

from dataclasses import replace

from arena.families.spec import FamilySpec, Words
from arena.settings.table import CORE, GROUPS, PLAYED, PLAYERS, MockModels, Setting

_RESULTS, _LIMITS = GROUPS[4], GROUPS[6]

OWN: tuple[Setting, ...] = (
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
    Setting("mode", ("--mode",), "text", "SHIM", "identity", PLAYED,
            "SHIM plays agents of the arena, REAL the model of --model if the slice's tag allows it",
            env="MODE", choices=("SHIM", "REAL"), metavar="MODE"),
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
"""The family's own settings."""

_DEFAULTS: dict[str, tuple[object, str | None]] = {
    "participant_model": (None, "MODEL"),
    "seed": (42, "SEED"),
    "temperature": (0.2, "TEMPERATURE"),
    "max_calls": (None, "MAX_CALLS"),
    "max_total_tokens": (100_000, "MAX_TOTAL_TOKENS"),
    "max_prompt_tokens": (80_000, "MAX_PROMPT_TOKENS"),
    "max_completion_tokens": (40_000, "MAX_COMPLETION_TOKENS"),
    "dry_run": (False, "DRY_RUN"),
    "fail_on_budget": (False, "FAIL_ON_BUDGET"),
}
"""Setting -> its default in this family, and its variable."""


_HELP = {
    "participant_model": "the model that plays, provider/model [default: mock/careful]",
    "dry_run": "the gates decide about the first request of each planned trial; no model is asked, no key needed",
    "out": "folder of the run [default: state/results/RUN_ID, the only place where LATEST is written]",
    "temperature": "sampling temperature",
    "workers": "trials played at once",
    "resume": "resume the run in --out: finished trials are kept, the others are played",
}
"""Setting -> its meaning in this family, if different."""


def _own_default(row: Setting) -> Setting:
    if row.name in _HELP:
        row = replace(row, help=_HELP[row.name])
    if row.name not in _DEFAULTS:
        return row
    default, variable = _DEFAULTS[row.name]
    flags = (*row.flags, "--model") if row.name == "participant_model" else row.flags
    return replace(row, default=default, env=variable, env_if=None, flags=flags)


SETTINGS: tuple[Setting, ...] = (*OWN, *(_own_default(row) for row in (*PLAYERS, *CORE)))

DIFFERENT: tuple[Setting, ...] = (*OWN, *(row for row in SETTINGS if row.name in {**_DEFAULTS, **_HELP}))
"""The settings that the other families do not have, or have with another default or variable."""

SWEEP: tuple[Setting, ...] = (
    Setting("modes", ("--modes",), "list", (), "identity", PLAYED,
            "SHIM, REAL [default: SHIM for agents of the arena, REAL for all others]; repeatable", env="MODE",
            choices=("SHIM", "REAL"), metavar="MODES"),
    *(row for row in SETTINGS if row.name != "mode"),
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
