"""`arena doctor`: check that everything that a run with these models needs is in place."""

from __future__ import annotations

import argparse
import json
import textwrap
from dataclasses import replace

from arena.cli import run_choice
from arena.cli.checkup import FAIL, Line, checkup
from arena.cli.console import Console
from arena.cli.process import process_context
from arena.cli.settings import read_settings
from arena.engine.build import RunRequest
from arena.errors import EXIT_ERRORS, EXIT_OK
from arena.families.crypto.spec import SPEC
from arena.formats.tables import printable
from arena.formats.terminal import terminal_width
from arena.settings.config import build_parser
from arena.settings.flags import Parser, examples_text
from arena.settings.redaction import Redactor

_FLAGS = frozenset({
    "participant_provider", "participant_model", "role_model", "judge_provider", "judge_model", "calculator_provider",
    "calculator_lambda_url", "calculator_timeout", "timeout", "ssl_verify", "workers", "config", "json",
})  # fmt: skip
_HELP = {
    "json": "print the lines as one JSON list",
    "workers": "check that this many can be connected",
    "timeout": "seconds for one answer",
}
_DEFAULTS = {"timeout": 20.0}
TABLE = tuple(
    replace(row, help=_HELP.get(row.name, row.help), default=_DEFAULTS.get(row.name, row.default))
    for row in SPEC.settings
)
_DESCRIPTION = (
    "Check Python, calculator, keys, network, models, disk and clock for a run with these models, without cost. Exit"
    " codes: 0 they can be played, 1 they cannot (FAIL), 2 usage."
)
_EXAMPLES = (
    "python3 -m arena doctor",
    "python3 -m arena doctor --participant-model groq/your-model --judge-model openai/your-judge --probe",
)


def parser() -> Parser:
    """Declare --probe, and the settings that choose models, calculator and connections."""
    rows = [row for row in TABLE if row.name in _FLAGS]
    declared = build_parser("arena doctor", rows, _DESCRIPTION)
    declared.epilog = examples_text(_EXAMPLES)
    declared.add_argument("--probe", action="store_true", default=False, help="ask each model for at most 16 tokens")
    declared.add_argument("--help-all", action="help", help=argparse.SUPPRESS)
    return declared


def run(options: argparse.Namespace, console: Console) -> int:
    """Print a line per check, as soon as its result is known; return 1 when one is FAIL, else 0."""
    config = read_settings(options, console, TABLE, SPEC.mocks)
    redactor = Redactor.from_environ(config.environ)
    found = []
    request = RunRequest(SPEC, config, process_context(config, console))
    for line in checkup(request, run_choice.RUNS_DIR, options.probe):
        found.append(Line(*(redactor.text(part) for part in line)))
        if not config["json"]:
            console.result(printable(line_text(found[-1], terminal_width())))
    if config["json"]:
        console.result(json.dumps([line._asdict() for line in found]))
    return EXIT_ERRORS if any(line.level == FAIL for line in found) else EXIT_OK


def line_text(line: Line, width: int) -> str:
    """Return a line for people: level, what, what was found; below it the remedy."""
    head = f"{line.level:<4}  {line.what}: "
    text = textwrap.fill(line.found, width, initial_indent=head, subsequent_indent=" " * 6, break_on_hyphens=False)
    if not line.remedy:
        return text
    remedy = textwrap.fill(
        line.remedy, width, initial_indent="      -> ", subsequent_indent=" " * 9, break_on_hyphens=False
    )
    return f"{text}\n{remedy}"
