"""The crypto family as its command sees it."""

from __future__ import annotations

from arena.families.spec import FamilySpec, Need, Words
from arena.settings.table import BUNDLES, CORE, JUDGE, JUDGE_BATCH, PLAYED, PLAYERS, TOOLS, MockModels, Setting

SELECTION: tuple[Setting, ...] = (
    Setting("challenges", ("--challenges",), "path", "src/crypto-challenges/benchmark_challenges_diverse_v2.json",
            "identity", PLAYED, "challenge file (format v1 or v2)", metavar="FILE"),
    Setting("challenge_split", ("--challenge-split",), "text", None, "identity", PLAYED,
            "only challenges of this split (v2 files)", metavar="SPLIT"),
    Setting("challenge_ids", ("--challenge-ids",), "list", (), "identity", PLAYED,
            "only these challenges: ids separated by commas; repeatable", metavar="IDS"),
    Setting("limit", ("--limit", "--limit-challenges"), "int", None, "identity", PLAYED,
            "only the first N challenges after the other filters", low=1, metavar="N"),
)  # fmt: skip
"""Which challenges are played."""


def repetitions(default: int = 1, flags: tuple[str, ...] = ()) -> Setting:
    """Return the row of the number of matches per challenge; `flags` come before the usual ones."""
    return Setting("repetitions", (*flags, "--repetitions", "--epochs"), "int", default, "identity", PLAYED,
                   "matches per challenge", low=1, high=100_000, metavar="N")  # fmt: skip


LENGTH: tuple[Setting, ...] = (
    Setting("max_turns", ("--max-turns",), "int", 15, "identity", PLAYED,
            "turns of a match, all roles together", low=1, high=1000, metavar="N"),
    Setting("max_tool_calls_per_turn", ("--max-tool-calls-per-turn",), "int", 10, "identity", PLAYED,
            "calculator calls that a role may make in one turn", low=0, high=1000, metavar="N"),
)  # fmt: skip
"""How long a match may be."""

VARIANTS: tuple[Setting, ...] = (
    Setting("op_level", ("--op-level",), "text", "all", "identity", TOOLS[0].group,
            "ops that players may call: all operations, or primitive (building blocks, no recipes of a whole step)",
            choices=("all", "primitive"), metavar="LEVEL"),
    Setting("adversary", ("--adversary",), "text", "none", "identity", PLAYED,
            "whether seats cheat: none, told (in some matches a player is told to), scripted (a script cheats in its"
            " place)", choices=("none", "told", "scripted"), metavar="WHO"),
)  # fmt: skip
"""Other games with the same challenges: fewer operations, seats that cheat."""

RULES: tuple[Setting, ...] = (
    Setting("outcome_rule", ("--outcome-rule",), "path", "config/outcome_rule.yaml", "identity", PLAYED,
            "rule that turns five scores into an outcome", metavar="FILE"),
    Setting("gates", ("--gates",), "path", None, "identity", PLAYED,
            "policy that decides about model and tool calls: docs/policy.md", metavar="FILE"),
)  # fmt: skip
"""The rule of outcomes, and the policy."""

CHALLENGES: tuple[Setting, ...] = (*SELECTION, repetitions(), *LENGTH, *VARIANTS, *RULES)
"""The family's own settings."""

SHARED: tuple[Setting, ...] = (*PLAYERS, *JUDGE, *JUDGE_BATCH, *TOOLS, *BUNDLES, *CORE)
"""The blocks of settings/table.py that the family uses."""

MOCKS = MockModels(player="careful", judge="judge")
SETTINGS: tuple[Setting, ...] = (*CHALLENGES, *SHARED)
COMPARED = ("max_turns", "max_tool_calls_per_turn", "repetitions")
"""Settings that runs with the challenges of this family must have in common to be compared."""

SPEC = FamilySpec(
    name="crypto",
    module="arena.families.crypto.setup",
    settings=SETTINGS,
    words=Words("challenge", "challenges", "match", "matches"),
    judge=Need.REQUIRED,
    tools=Need.OPTIONAL,
    providers={
        "mock": "arena.families.crypto.mock.provider",
        "scripted": "arena.families.crypto.scripted",
        "generated": "arena.families.crypto.dataset.provider",
    },
    mocks=MOCKS,
    compared=(*COMPARED, "adversary", "op_level"),
    not_compared=("verified_rule",),
    rule_files={
        "challenges_sha256": ("challenges", "challenge_split", "challenge_ids", "limit"),
        "set_header_sha256": ("challenges",),
        "benchmark_version": ("challenges",),
        "outcome_rule": ("outcome_rule",),
    },
    report="arena.families.crypto.report",
    baselines="src/crypto-challenges/baselines.json",
    detail_class="arena.families.crypto.checks.results.MatchDetail",
)
