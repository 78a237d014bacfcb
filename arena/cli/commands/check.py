"""`arena check`: check a run against thresholds: OK, WARN or FAIL, with reasons, for people and for CI."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path

from arena.analysis.check.ci_files import CiTargets, write_ci_outputs
from arena.analysis.check.ci_outputs import ci_record, shown_path
from arena.analysis.check.metrics import known_metrics
from arena.analysis.check.thresholds import (
    FAIL,
    OF_KEYS,
    WARN,
    CheckVerdict,
    judge,
    load_rules,
    shown,
)
from arena.analysis.risk.figures import ROW_METRICS, rows_figures, summary_with_rows
from arena.analysis.risk.tally import counted
from arena.analysis.risk.verdict import with_result
from arena.cli.console import Console
from arena.cli.run_choice import add_run, chosen_run
from arena.cli.strict import strict
from arena.engine.finished import open_run
from arena.errors import EXIT_ERRORS, EXIT_OK, UsageError, one_line
from arena.formats.tables import fitted_table, printable
from arena.formats.terminal import wrapped
from arena.settings.env import load_dotenv
from arena.settings.flags import Parser
from arena.settings.places import DATA_ROOT

DEFAULT_THRESHOLDS = DATA_ROOT / "config/thresholds.yaml"


def parser() -> Parser:
    """Declare the flags."""
    declared = Parser(
        prog="arena check",
        description="Check a finished run against thresholds: OK, WARN or FAIL with reasons. Exit codes: 0 OK or WARN,"
        " 1 FAIL (with --strict 1 also WARN), 2 a missing or broken file, or a metric that the run cannot have.",
        examples=(
            "python3 -m arena check state/runs/first",
            "python3 -m arena check --last --quiet",
            "python3 -m arena check state/runs/first --thresholds mine.yaml --strict --junit junit.xml",
        ),
    )
    add_run(declared)
    declared.add_argument("--thresholds", type=Path, default=DEFAULT_THRESHOLDS, metavar="FILE",
                        help="rules, as config/thresholds.yaml shows them [default: that file]")  # fmt: skip
    declared.add_argument("--strict", nargs="?", const="1", metavar="0|1", help="a warning is a failure [STRICT]")
    declared.add_argument("--json", action="store_true", help="print the verdict as one JSON object")
    declared.add_argument("--quiet", action="store_true", help="print only warnings and failures")
    declared.add_argument("--list-metrics", action="store_true", help="list the metrics of this run and exit")
    declared.add_argument("--junit", type=Path, metavar="FILE", help="write matches and thresholds as JUnit XML")
    declared.add_argument("--github-summary", type=Path, nargs="?", const=Path(), metavar="FILE",
                        help="append the results to this Markdown file [default: GITHUB_STEP_SUMMARY]")  # fmt: skip
    declared.add_argument("--annotations", action="store_true", help="print GitHub annotations, at most 10 of a kind")
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Judge the run by the thresholds and print the verdict; return 1 for FAIL (and WARN, with --strict), else 0."""
    environ = load_dotenv(os.environ, DATA_ROOT)
    is_strict = strict(options.strict, environ)
    targets = CiTargets(options.junit, _summary_file(options.github_summary, environ), options.annotations)
    targets.require_writable()
    finished = open_run(chosen_run(options))
    summary = finished.summary()
    if options.list_metrics:
        known = [*known_metrics(summary), *(ROW_METRICS.items() if summary.get("family") == OF_KEYS else ())]
        console.result(printable("\n".join(f"{name}: {meaning}" for name, meaning in known)))
        return EXIT_OK
    rules = load_rules(options.thresholds)
    if rules.name_any(ROW_METRICS) and summary.get("family") == OF_KEYS:
        rules, summary = with_result(rules), summary_with_rows(summary, rows_figures(counted(finished.path)))
    verdict = judge(rules, summary)
    if options.json:
        console.result(json.dumps({**verdict.to_json(), "strict": is_strict}))
    else:
        console.result(_text(verdict, options.thresholds, console))
    if targets:
        # With --json standard output holds only the verdict.
        say = console.log if options.json else console.result
        write_ci_outputs(ci_record(finished, verdict, is_strict), targets, finished.path, say, console.warn)
    return EXIT_ERRORS if verdict.outcome(is_strict) == FAIL else EXIT_OK


def _summary_file(given: Path | None, environ: Mapping[str, str]) -> Path | None:
    if given is None or given != Path():
        return given
    named = environ.get("GITHUB_STEP_SUMMARY", "").strip()
    if not named:
        raise UsageError("--github-summary: give a file, or set GITHUB_STEP_SUMMARY to one")
    return Path(named)


def _text(verdict: CheckVerdict, file: Path, console: Console) -> str:
    """Return a row per rule, then in sentences why a rule is not OK, then the verdict."""
    rows, reasons = [], []
    for finding in verdict.findings:
        if console.quiet and finding.level not in (WARN, FAIL):
            continue
        measure, rule = finding.measure, finding.rule
        value = "-" if measure.value is None else shown(measure.value)
        rows.append([finding.level, measure.name, value, "-" if measure.n is None else str(measure.n), finding.why])
        if rule.reason and finding.level in (WARN, FAIL):
            reasons += wrapped(one_line(f"{finding.level} {measure.name}: {rule.reason}"), console.width())
    header = ["level", "metric", "value", "n", "why"]
    lines: list[str] = [fitted_table(header, rows, frozenset({2, 3}), console.width()), ""] if rows else []
    lines += [*reasons, ""] if reasons else []
    return "\n".join([*lines, one_line(f"{verdict.overall}: {verdict.rules.name} ({shown_path(str(file))})")])
