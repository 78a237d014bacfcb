"""`arena risk import`: recorded runs of agents from other benchmarks, as rows for policies and reports."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from arena.cli.console import Console
from arena.errors import EXIT_OK
from arena.families.risk.imports.table import read_runs, write_import
from arena.formats.tables import join_lines, printable, text_table
from arena.policy.evaluator_file import load_evaluator
from arena.policy.gates_file import load_policy
from arena.policy.policy_gate import PolicyGate
from arena.records import Json
from arena.settings.env import load_dotenv
from arena.settings.places import DATA_ROOT


def run(options: argparse.Namespace, console: Console) -> int:
    """Import the files and print their contents in figures; return 0."""
    environ = load_dotenv(os.environ, DATA_ROOT)
    gate = None if options.gates is None else PolicyGate(load_policy(options.gates, environ).shadowed())
    evaluator = None if options.evaluator is None else load_evaluator(options.evaluator)
    runs = read_runs(options.format, options.files, options.model, options.task)
    found = write_import(options.format, runs, options.out, gate, evaluator)
    console.result(json.dumps(found) if options.json else import_text(found, options.out))
    for warning in _unused_rules(found, {run.task_fact for run in runs}):
        console.warn(warning)
    return EXIT_OK


def _unused_rules(found: Mapping[str, Json], tasks: Collection[str]) -> Iterator[str]:
    """Yield a warning for each file of rules none of which applied: its counts then say nothing about the runs."""
    named = ", ".join(map(repr, sorted(tasks)))
    gates, evaluator = found["gates"], found["evaluator"]
    if gates is not None and not gates["by_rule"] and any(n for of in gates["decisions"].values() for n in of.values()):
        yield (
            f"No rule of {gates['name']} applies to these calls; its default decided about all of them. The fact `task`"
            f" is {named} (--task changes it), and rules see the tools by the names in the files."
        )
    if evaluator is not None and not evaluator["pass"] + evaluator["fail"]:
        yield (
            f"No rule of {evaluator['name']} applies to these replies; none was judged. The fact `task` is {named}"
            " (--task changes it)."
        )


def import_text(found: Mapping[str, Json], out: Path) -> str:
    """Return what was imported, for readers."""
    rows = [
        [str(row["k"]), f"{row['pass_hat_k']:.3f}", f"{row['pass_at_k']:.3f}", str(row["tasks"]), str(row["left_out"])]
        for row in found["pass_hat_k"]
    ]
    lines = [text_table(["k", "pass^k", "pass@k", "tasks", "left out"], rows, frozenset(range(5))), ""] if rows else []
    lines.append(
        f"runs: {found['runs']}, tasks: {found['tasks']}, successes: {found['successes']}, rewards that are neither 0"
        f" nor 1: {found['fractions']}, without a reward: {found['without_reward']}, errors: {found['errors']}, trials"
        f" missing: {found['missing']}"
    )
    attacks = found["attacks"]
    if attacks["runs"]:
        lines.append(f"attacks: {attacks['succeeded']} of {attacks['runs']} succeeded")
    if found["gates"] is not None:
        decided = found["gates"]["decisions"]
        stages = (f"{stage}={'/'.join(f'{k}:{n}' for k, n in of.items())}" for stage, of in decided.items())
        lines.append(f"GATES: {' '.join(stages)} (not enforced: the calls were made before)")
    if found["evaluator"] is not None:
        judged = found["evaluator"]
        lines.append(f"EVAL: {judged['pass']} pass, {judged['fail']} fail")
    return join_lines([*lines, printable(f"rows: {out}"), printable(f"next: python3 -m arena risk report {out}")])
