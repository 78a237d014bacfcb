"""`arena policy test|lint|diff`: test, lint and compare policies and evaluator rules."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path

from arena.analysis.policy.compare import compare_policies
from arena.analysis.policy.text import diff_json, diff_text, labels_of, lint_text, test_json, test_text
from arena.cli.console import Console
from arena.errors import EXIT_ERRORS, EXIT_OK, UsageError
from arena.formats import simpleyaml
from arena.formats.decode import encode
from arena.policy.cases import PolicyTest, cases_path, load_cases, test_policy
from arena.policy.evaluator_cases import judge_cases, load_reply_cases
from arena.policy.evaluator_file import load_evaluator
from arena.policy.gates_file import load_policy
from arena.policy.lint import lint
from arena.settings.env import load_dotenv
from arena.settings.flags import Parser
from arena.settings.places import DATA_ROOT


def parser() -> Parser:
    """Declare the flags of each subcommand."""
    shared = Parser(add_help=False)
    shared.add_argument("--json", action="store_true", help="print the result as one JSON object")
    declared = Parser(
        prog="arena policy",
        description="Test, lint and compare policies: docs/policy.md. `arena policy COMMAND --help` lists the flags.",
        examples=(
            "python3 -m arena policy test config/gates.yaml",
            "python3 -m arena policy diff config/gates.yaml mine.yaml state/runs/first",
        ),
    )
    commands = declared.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)

    def leaf(name: str, text: str, description: str, words: str) -> Parser:
        made: Parser = commands.add_parser(
            name, parents=[shared], help=text, description=description,
            examples=(f"python3 -m arena policy {name} {words}",),
        )  # fmt: skip
        return made

    test = leaf(
        "test",
        "run the cases of a gates file or an evaluator file",
        "Run the cases of POLICY (gates.yaml: gates.cases.yaml), a gates file or an evaluator file. Exit"
        " codes: 0 all cases are decided as expected and every rule has cases, 1 otherwise, 2 a missing or broken"
        " file.",
        "config/gates.yaml",
    )
    test.add_argument("--cases", type=Path, metavar="FILE", help="file of cases [default: the one of POLICY]")
    linted = leaf(
        "lint",
        "find mistakes: rules that never decide, contradictory bounds",
        "Find rules that never apply, rules that an earlier one always precedes, contradictory bounds and defaults"
        " that are never reached, each with facts that show it. Exit codes: 0 no finding, 1 findings, 2 a missing or"
        " broken file.",
        "config/gates.yaml",
    )
    for one in (test, linted):
        one.add_argument("policy", type=Path, metavar="POLICY", help="file of rules")
    diff = leaf(
        "diff",
        "list recorded decisions that would change under another policy",
        "Decide the recorded calls of finished runs by two gates files and list the verdicts that change, by every"
        " label of the trials. No model is called. Exit codes: 0 even if decisions change, 2 a file cannot be read.",
        "config/gates.yaml mine.yaml state/runs/first",
    )
    diff.add_argument("old", type=Path, metavar="OLD", help="gates file to compare with")
    diff.add_argument("new", type=Path, metavar="NEW", help="gates file that is tried")
    diff.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="run directory")
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the subcommand and return its exit code."""
    environ = load_dotenv(os.environ, DATA_ROOT)
    return _COMMANDS[options.command](options, console, environ)


def is_evaluator(path: Path) -> bool:
    """Return whether a file holds evaluator rules: they are under `rules`, those of gates under their stages."""
    value = simpleyaml.load(path, "; name a file of rules, such as config/gates.yaml")
    return isinstance(value, Mapping) and "rules" in value


def _test(options: argparse.Namespace, console: Console, environ: Mapping[str, str]) -> int:
    path: Path = options.policy
    judges_replies = is_evaluator(path)
    cases: Path = options.cases or cases_path(path)
    if not cases.is_file():
        raise UsageError(f"there are no cases in {cases}; write some (docs/policy.md), or name them with --cases FILE")
    result: PolicyTest
    if judges_replies:
        evaluator = load_evaluator(path)
        rules, result = len(evaluator.rules), judge_cases(evaluator, load_reply_cases(cases))
    else:
        policy = load_policy(path, environ)
        rules, result = len(policy.all_rules()), test_policy(policy, load_cases(cases))
    if options.json:
        console.result(json.dumps(test_json(path.name, rules, result)))
    else:
        console.result(test_text(path.name, rules, result))
    return EXIT_OK if result.passes else EXIT_ERRORS


def _lint(options: argparse.Namespace, console: Console, environ: Mapping[str, str]) -> int:
    path: Path = options.policy
    if is_evaluator(path):
        raise UsageError(f"{path} is an evaluator file, whose rules all apply: only gates are linted; `arena policy"
                         " test` runs its cases")  # fmt: skip
    policy = load_policy(path, environ)
    findings = lint(policy)
    rules = len(policy.all_rules())
    if options.json:
        console.result(json.dumps({"policy": path.name, "rules": rules, "findings": [encode(one) for one in findings]}))
    else:
        console.result(lint_text(path.name, rules, findings))
    return EXIT_ERRORS if findings else EXIT_OK


def _diff(options: argparse.Namespace, console: Console, environ: Mapping[str, str]) -> int:
    old, new = load_policy(options.old, environ), load_policy(options.new, environ)
    found = compare_policies(old, new, options.runs)
    console.result(json.dumps(diff_json(found)) if options.json else diff_text(found, labels_of(found)))
    return EXIT_OK


_COMMANDS = {"test": _test, "lint": _lint, "diff": _diff}
