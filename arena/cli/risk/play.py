"""`arena risk run`: plays a risk run under a policy and writes its results."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from arena.analysis.check.thresholds import Rules
from arena.analysis.risk.results import Options, Results
from arena.analysis.risk.rows_of_run import RowsOfSession
from arena.analysis.risk.verdict import load_thresholds
from arena.cli.console import Console
from arena.cli.execute import execute
from arena.cli.process import process_context
from arena.cli.risk.dry_run import plan_text, planned, write_dry_run
from arena.cli.risk.places import checked_id, keep_latest, latest_place, new_folder, results_root, writing
from arena.cli.risk.results_of import rebuild
from arena.cli.settings import read_settings
from arena.engine.build import RunRequest
from arena.errors import EXIT_OK, one_line
from arena.families.risk.compose import GATES
from arena.families.risk.spec import SPEC
from arena.formats.tables import printable
from arena.policy.gates import AllowAll, Gate
from arena.policy.gates_file import load_policy
from arena.policy.limits import FLAGS, stricter
from arena.policy.policy_gate import PolicyGate
from arena.policy.rules import Policy, Rule
from arena.settings.config import Config

LIMITS = ("max_calls", "max_trials", "max_total_tokens", "max_prompt_tokens", "max_completion_tokens")
"""Limits that a policy may also set."""

_SAID_BY_FAMILY = ("GATES:", "EVAL:")
"""Lines that the end of a run has already printed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A risk run as requested: settings with the stricter limits, policy (None without gates), and its folder."""

    config: Config
    policy: Policy | None
    thresholds: Rules
    folder: Path
    root: Path

    @property
    def gate(self) -> Gate:
        return AllowAll() if self.policy is None else PolicyGate(self.policy)

    def options(self, rules: Sequence[Rule]) -> Options:
        """Return how results are written."""
        return Options(self.thresholds, most_trials=self.config["max_trial_rows"], rules=rules)


def run(options: argparse.Namespace, console: Console) -> int:
    """Play as the settings say; return 0, 1 (errors), 3 (--fail-on-budget) or 130 (interrupted)."""
    config = read_settings(options, console, SPEC.settings, SPEC.mocks)
    return carry_out(asked_for(config), console, options.argv)


def asked_for(config: Config) -> Asked:
    """Return the run that the settings ask for, with its policy and thresholds read.

    Errors: DataError for a gates or thresholds file, ConfigError for a name or a variable.
    """
    gated = not config["defences"] or GATES in config["defences"]
    policy = load_policy(Path(config["gates"]), config.environ) if gated and config["gates"] is not None else None
    thresholds = load_thresholds(Path(config["thresholds"]))
    root = results_root(config["results_dir"])
    folder = config.operation.out
    if folder is None:
        named = config["run_id"]
        folder = new_folder(root, config["mode"]) if named is None else root / checked_id(named)
    latest_place(folder, root)  # refused before anything is played
    return Asked(with_limits(config, policy), policy, thresholds, folder, root)


def with_limits(config: Config, policy: Policy | None) -> Config:
    """Return the settings with the stricter of each limit: of the flags, and of the policy."""
    if policy is None or not policy.limits:
        return config
    found = stricter({name: config[name] for name in LIMITS}, policy.limits)
    changed = {name: int(limit.value) for name, limit in found.items()}
    sources = {name: _source(policy) for name, limit in found.items() if limit.source == "gates"}
    return replace(config, settings={**config.settings, **changed}, source={**config.source, **sources})


def limit_notes(asked: Asked) -> list[str]:
    """Return a note about each limit of the policy that is stricter than the flag's."""
    config, policy = asked.config, asked.policy
    held = [] if policy is None else [name for name in LIMITS if config.source.get(name) == _source(policy)]
    return [f"{'' if policy is None else policy.name} limits this run: {FLAGS[name]} {config[name]:g}" for name in held]


def _source(policy: Policy) -> str:
    return f"limits of {policy.name}"


def carry_out(asked: Asked, console: Console, argv: Sequence[str]) -> int:
    """Play a run, or carry out its dry run, write its results and print them; return the exit code."""
    code, results = play(asked, console, argv, "arena risk run")
    tell(asked, results, console)
    return code


def play(asked: Asked, console: Console, argv: Sequence[str], command: str) -> tuple[int, Results]:
    """Play a run, or carry out its dry run, and write its results; return the exit code and them."""
    if asked.policy is not None and asked.policy.shadow:
        console.warn(f"shadow mode: decisions of {asked.policy.name} are recorded but not enforced")
    for note in limit_notes(asked):
        console.warn(note)
    if asked.config.operation.dry_run:
        request, shard = planned(asked.config, asked.gate, console, argv)
        if not asked.config.operation.quiet:
            say = console.log if asked.config.operation.json else console.result
            say(printable(plan_text(request, shard, console)))
        return EXIT_OK, write_dry_run(asked.config, asked.policy, asked.folder, asked.options, shard)
    config = replace(asked.config, settings={**asked.config.settings, "out": asked.folder})
    process = process_context(config, console, argv, command)
    gate = asked.gate
    rows = RowsOfSession()
    code = execute(RunRequest(SPEC, config, process, gate=gate, taker=rows), console)
    times = gate.times() if isinstance(gate, PolicyGate) else None
    with writing(asked.folder):
        results, _ = rebuild(asked.folder, asked.options, times=times, written=rows.written)
    return code, results


def tell(asked: Asked, results: Results, console: Console, every: bool = False) -> None:
    """Print the results and their place; with --json, standard output holds only the summary.

    `every`: print all lines, also those that the end of a run prints.
    """
    for banner in results.banners:
        console.warn(banner)
    operation = asked.config.operation
    with writing(asked.folder):
        kept = keep_latest(asked.folder, asked.root)
    if operation.quiet:
        return
    say = console.log if operation.json else console.result
    for line in results.lines:
        if every or operation.dry_run or operation.json or not line.startswith(_SAID_BY_FAMILY):
            say(one_line(line))
    say(one_line(f"page: {asked.folder / 'index.html'}" + (f"; copied to {asked.root / 'LATEST'}" if kept else "")))
