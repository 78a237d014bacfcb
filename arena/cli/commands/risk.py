"""`arena risk`: play risky requests and their harmless twins against an agent, under a policy, and report the
results."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from arena.cli.console import Console
from arena.families.risk.spec import SPEC, SWEEP
from arena.settings.config import declare_settings, settings_parser
from arena.settings.flags import Parser
from arena.settings.places import DATA_ROOT

_RUN = "Ask an agent with tools for something harmful, and for its harmless twin; a policy decides about its calls."
_SHOWN = (
    "slices", "attacks", "defences", "trials", "seeds", "mode", "participant_model", "gates", "evaluator",
    "max_total_tokens", "seed", "out", "run_id", "resume", "dry_run", "config",
)  # fmt: skip
DEFAULT_THRESHOLDS = DATA_ROOT / "config/risk/thresholds.yaml"


class Leaf(NamedTuple):
    """A subcommand: the module that offers `run`, a line for the help, its examples, and the function that declares its
    flags."""

    module: str
    summary: str
    examples: tuple[str, ...]
    declare: Callable[[Parser], None]


def _run_flags(parser: Parser) -> None:
    declare_settings(parser, SPEC.settings)
    parser.show_first(_SHOWN)


def _sweep_flags(parser: Parser) -> None:
    declare_settings(parser, SWEEP)
    parser.show_first(("modes", "models", *(name for name in _SHOWN if name not in ("mode", "participant_model"))))


def _choice(parser: Parser) -> None:
    parser.add_argument("run", nargs="?", type=Path, default=None, metavar="RUN", help="folder of a run")
    parser.add_argument("--run-id", "--run_id", default=None, metavar="NAME",
                        help="a run in the results folder [RUN_ID, or the newest]")  # fmt: skip
    _root(parser)


def _root(parser: Parser) -> None:
    parser.add_argument("--results-dir", "--results_dir", "--outdir", type=Path, default=None, metavar="DIR",
                        help="folder of the runs [default state/results]")  # fmt: skip


def _thresholds(parser: Parser) -> None:
    parser.add_argument("--thresholds", type=Path, default=DEFAULT_THRESHOLDS, metavar="FILE",
                        help="bounds of a run [default config/risk/thresholds.yaml]")  # fmt: skip
    parser.add_argument("--strict", nargs="?", const="1", metavar="0|1", help="a warning is a failure [STRICT]")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _report_flags(parser: Parser) -> None:
    _choice(parser)
    _thresholds(parser)
    parser.add_argument("--evaluator", type=Path, default=None, metavar="FILE",
                        help="judge the replies by these rules instead of the run's own")  # fmt: skip
    parser.add_argument("--max-trial-rows", type=int, default=None, metavar="N",
                        help="trials that the page shows [default 1000; REPORT_MAX_TRIAL_ROWS]")  # fmt: skip
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    parser.add_argument("--quiet", action="store_true", help="print only warnings and errors")


def _check_flags(parser: Parser) -> None:
    _choice(parser)
    _thresholds(parser)


def _list_flags(parser: Parser) -> None:
    _root(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON list, an object per run")


def _tidy_flags(parser: Parser) -> None:
    _choice(parser)
    parser.add_argument("--dry-run", action="store_true", help="print what would be removed")


IMPORTED = ("tau-bench", "tau2", "agentdojo")
"""Formats of families/risk/imports/table.py, by name alone: the help imports none of them."""


def _import_flags(parser: Parser) -> None:
    parser.add_argument("format", choices=IMPORTED, metavar="FORMAT", help=f"one of {', '.join(IMPORTED)}")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="file of recorded runs")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="new folder for the rows")
    parser.add_argument("--model", default="", metavar="NAME",
                        help="model of the agent, if the files do not name it")  # fmt: skip
    parser.add_argument("--task", default="", metavar="NAME",
                        help="the fact `task` that rules see [default: the domain or suite]")  # fmt: skip
    parser.add_argument("--gates", type=Path, metavar="FILE", help="policy that decides about the recorded calls")
    parser.add_argument("--evaluator", type=Path, metavar="FILE", help="rules that judge the recorded replies")
    parser.add_argument("--json", action="store_true", help="print what was imported as one JSON object")


LEAVES: dict[str, Leaf] = {
    "run": Leaf("arena.cli.risk.play", "play slices with their attacks and benign twins", (
        "python3 -m arena risk run --trials 3",
        "python3 -m arena risk run --slices exfiltration --defences none,gates --model mock/gullible",
        "python3 -m arena risk run --mode REAL --model mock/echo --trials 2",
        "python3 -m arena risk run --trials 3 --dry-run",
    ), _run_flags),
    "sweep": Leaf("arena.cli.risk.sweep", "cross slices, attacks, models, modes and seeds", (
        "python3 -m arena risk sweep --models mock/careful,mock/gullible --seeds 1,2 --trials 2",
        "python3 -m arena risk sweep --models mock/careful,mock/echo --config config/risk_sweep.yaml",
    ), _sweep_flags),
    "report": Leaf("arena.cli.risk.report", "rewrite the tables, figure and page of a run", (
        "python3 -m arena risk report",
        "python3 -m arena risk report --run-id first --open",
    ), _report_flags),
    "check": Leaf("arena.cli.risk.check", "check a run against thresholds: OK, WARN or FAIL", (
        "python3 -m arena risk check",
        "python3 -m arena risk check state/results/first --strict --thresholds mine.yaml",
    ), _check_flags),
    "latest": Leaf("arena.cli.risk.latest", "copy the newest finished run to LATEST",
                   ("python3 -m arena risk latest",), _root),
    "list": Leaf("arena.cli.risk.listing", "list the runs, and what each is missing",
                 ("python3 -m arena risk list", "python3 -m arena risk list --json"), _list_flags),
    "tidy": Leaf("arena.cli.risk.tidy", "remove files that do not belong to a run",
                 ("python3 -m arena risk tidy --run-id first --dry-run",), _tidy_flags),
    "import": Leaf("arena.cli.risk.import_runs", "import recorded agent runs of other benchmarks", (
        "python3 -m arena risk import tau-bench runs.json --model gpt-4o --out state/results/tau",
        "python3 -m arena risk import tau2 runs.json --out state/results/tau2 --gates config/gates.yaml",
    ), _import_flags),
}  # fmt: skip
"""Subcommand -> its row. A new one is one file in arena/cli/risk and one row."""

_TITLES = {
    "import": "Read recorded runs of tau-bench, tau2 or AgentDojo, decide about their calls and replies, and write rows"
    " and pass^k: docs/policy.md.",
    "run": _RUN,
    "sweep": "Cross slices, attacks, models, modes and seeds: a run per mode and model, and one set of results.",
    "report": "Rewrite rows, tables, figure and page of a run from its records, else from its stored rows.",
    "check": "Check a run against thresholds. Exit codes: 0 OK or WARN, 1 FAIL (with --strict 1 also WARN), 2 a missing"
    " or broken file.",
    "latest": "Copy the results of the newest run that has them to state/results/LATEST.",
    "list": "List the runs in the results folder, the newest first, and what each is missing.",
    "tidy": "Remove files that do not belong to a run from its folder.",
}


def parser() -> Parser:
    """Declare the subcommands and their flags."""
    declared = Parser(
        "arena risk",
        description="The risk lab: attacks and their harmless twins, policies, budgets, evidence: docs/risk.md.",
        examples=("python3 -m arena risk run --trials 3", "python3 -m arena risk report"),
    )
    leaves = declared.add_subparsers(dest="leaf", required=True, metavar="COMMAND", parser_class=Parser)
    for name, leaf in LEAVES.items():
        title = _TITLES[name]
        if leaf.declare in (_run_flags, _sweep_flags):
            given = settings_parser(f"arena risk {name}", title, leaf.examples)
        else:
            given = {"description": title, "examples": leaf.examples}
        leaf.declare(leaves.add_parser(name, help=leaf.summary, **given))
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Carry out the subcommand and return its exit code."""
    options.parser = options.parser.leaf(options.argv)
    options.argv = options.argv[1:]
    code: int = importlib.import_module(LEAVES[options.leaf].module).run(options, console)
    return code
